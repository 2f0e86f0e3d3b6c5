// Loaded into the program under test; nothing is called by name.
