"""The tests of smjax; a package, so that they can share helpers."""
