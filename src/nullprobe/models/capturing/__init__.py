"""Hidden states out of a model: as arrays, as moments, or into a folder."""
