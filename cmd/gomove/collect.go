package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// startPercent has the first garbage collection come at a heap of 16 MB, not 4 MB.
const startPercent = 400

// collectLate spares short runs the garbage collection: what they leave behind is small. From the first collection on all is as the
// runtime has it.
func collectLate() {
	if os.Getenv("GOGC") != "" {
		return
	}
	usual := debug.SetGCPercent(startPercent)
	runtime.AddCleanup(new([64]byte), func(percent int) { debug.SetGCPercent(percent) }, usual)
}
