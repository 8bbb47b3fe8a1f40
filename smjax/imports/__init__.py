"""Other tools' files as ordinary run folders: a module, or a folder, for each tool; nothing is run."""
