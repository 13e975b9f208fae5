package testdb

import (
	"errors"
	"testing"
)

// TestPortTaken starts a second server on the port of the first: it must be told apart from other failures, so that
// Launch takes another port.
func TestPortTaken(t *testing.T) {
	for _, k := range All() {
		t.Run(string(k), func(t *testing.T) {
			taken := Start(t, k).Port
			s := StartOwn(t, k)
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			s.Port = taken
			if err := s.run(t.Context()); !errors.Is(err, errPortTaken) {
				t.Errorf("error %v, want %v", err, errPortTaken)
			}
		})
	}
}
