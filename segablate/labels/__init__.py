"""Label maps as mathematics: patches, their principal subspace, reconstruction, confusion."""
