package loader

import (
	"os"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

func TestMain(m *testing.M) {
	if plan := os.Getenv(killPlanVariable); plan != "" {
		os.Exit(loadUntilKilled(plan))
	}
	testdb.Main(m)
}
