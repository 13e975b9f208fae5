//go:build !unix

package store

import "fmt"

// writeError names the file.
func writeError(what, path string, err error) error {
	return fmt.Errorf("%s %s: %w", what, path, unwrapPath(err))
}
