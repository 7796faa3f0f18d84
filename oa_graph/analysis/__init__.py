"""The trees in a data scientist's hands: frames, graphs and pictures, read only."""
