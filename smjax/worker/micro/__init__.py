"""The microscope's eye: an op's programs, its check, its clock, and the peaks that it is held against."""
