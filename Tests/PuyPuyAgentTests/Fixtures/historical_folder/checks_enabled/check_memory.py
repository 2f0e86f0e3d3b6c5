# a module of the original
