package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// TestCollectLate waits for the usual percentage to be back after a collection: large rows would take several times their size.
func TestCollectLate(t *testing.T) {
	t.Setenv("GOGC", "")
	const usual = 123
	defer debug.SetGCPercent(debug.SetGCPercent(usual))
	percent := func() uint64 {
		sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	collectLate()
	if got := percent(); got != startPercent {
		t.Errorf("at the start %d %%", got)
	}
	for range 1000 {
		runtime.GC()
		if percent() == usual {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d %% after collections, and not the usual %d", percent(), usual)
}
