package main

import "github.com/gomove/gomove/internal/dump"

// version is what --version prints.
func version() string { return dump.Version }
