package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestFailureJSON wants JSON on stdout of runs that end before they have a summary, and none where stdout is for data or text.
func TestFailureJSON(t *testing.T) {
	nowhere := "mysql://root@127.0.0.1:1/"
	for _, c := range []struct {
		args []string
		code float64
		want string
	}{
		{[]string{"load", "--target", nowhere, "-d", filepath.Join(t.TempDir(), "none")}, exitFailed, "none"},
		{[]string{"dump", "--source", nowhere, "-o", filepath.Join(t.TempDir(), "out")}, exitFailed, "127.0.0.1:1"},
		{[]string{"copy", "--source", nowhere, "--target", nowhere}, exitFailed, "127.0.0.1:1"},
		{[]string{"verify", "--source", nowhere, "--target", nowhere}, exitFailed, "127.0.0.1:1"},
		{[]string{"load", "--target", nowhere}, exitUsage, "-d/--in is missing"},
	} {
		r := runBinary(t, append(c.args, "--progress", "none", "--summary", "json")...)
		if s := jsonSummary(t, r); s["complete"] != false || s["exit_code"] != c.code || !strings.Contains(s["error"].(string), c.want) || r.code != int(c.code) {
			t.Errorf("%q: exit %d, %v\n%s", c.args, r.code, s, r.stderr)
		}
		wantOneError(t, r)
		if r := runBinary(t, c.args...); r.stdout != "" {
			t.Errorf("%q as text: %s", c.args, r.stdout)
		}
	}
	if r := runBinary(t, "dump", "--source", nowhere, "-o", "-", "--summary=json"); r.code != exitFailed || r.stdout != "" {
		t.Errorf("a stream: exit %d, %q", r.code, r.stdout)
	}
}
