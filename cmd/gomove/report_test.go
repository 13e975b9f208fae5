package main

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"strings"
	"syscall"
	"testing"
)

// TestReportFullDisk has a full disk whose other errors are sessions that were cut for it.
func TestReportFullDisk(t *testing.T) {
	var b bytes.Buffer
	report(&b, errors.Join(driver.ErrBadConn, syscall.ENOSPC))
	if !strings.Contains(b.String(), "hint: this machine's disk or quota is full") || strings.Contains(b.String(), "connection was lost") {
		t.Error(b.String())
	}
}
