package main

// Version is what --version prints.
const versionNumber = "0.1.0"

func version() string { return versionNumber }
