package progress

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHumanise(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Bytes(0), "0 B"}, {Bytes(999), "999 B"}, {Bytes(1000), "1.0 KB"}, {Bytes(999_949), "999.9 KB"}, {Bytes(999_950), "1.0 MB"},
		{Bytes(64 << 20), "67.1 MB"}, {Bytes(1 << 62), "4611.7 PB"}, {Bytes(-1500), "-1.5 KB"},
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000), "1,000"}, {Count(-1234567), "-1,234,567"}, {Count(-123), "-123"},
		{Counted(0, "row"), "0 rows"}, {Counted(1, "row"), "1 row"}, {Counted(int64(1234), "view"), "1,234 views"}, {Counted(1, "index"), "1 index"}, {Counted(2, "index"), "2 indexes"},
		{Rate(5_000_000, 2*time.Second), "2.5 MB/s"}, {Rate(1, 0), "-"},
		{Duration(0), "0.000s"}, {Duration(1234 * time.Millisecond), "1.234s"}, {Duration(12345 * time.Millisecond), "12.3s"},
		{Duration(59949 * time.Millisecond), "59.9s"}, {Duration(59951 * time.Millisecond), "1m00s"}, {Duration(187 * time.Second), "3m07s"},
		{Duration(time.Hour - time.Second), "59m59s"}, {Duration(time.Hour), "1h00m"}, {Duration(76 * time.Hour), "3d04h"}, {Duration(-time.Second), "-1.000s"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// show runs a made-up dump of 20 s at 10 MB/s and returns what was shown.
func show(t *testing.T, mode Mode, w io.Writer) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &Counters{}
		c.SetPhase("schema")
		c.BytesTotal.Store(400_000_000)
		c.Threads.Store(4)
		c.Busy.Store(3)
		stop := Start(w, mode, c)
		time.Sleep(1550 * time.Millisecond)
		c.SetPhase("data")
		c.ChunksTotal.Store(40)
		for range 20 {
			time.Sleep(time.Second)
			c.Bytes.Add(10_000_000)
			c.Rows.Add(100_000)
			c.Chunks.Add(1)
		}
		time.Sleep(500 * time.Millisecond)
		stop()
		stop()
	})
}

func TestPlain(t *testing.T) {
	var w safeBuffer
	show(t, Auto, &w)
	want := `0.100s  schema  0 rows  0 B  0.0 MB/s  threads 3/4
1.600s  data  0 rows  0 B  0.0 MB/s  chunks 0/40  threads 3/4
6.600s  data  12%  500,000 rows  50.0 MB  10.0 MB/s  chunks 5/40  ETA 46.0s  threads 3/4
11.6s  data  25%  1,000,000 rows  100.0 MB  10.0 MB/s  chunks 10/40  ETA 35.0s  threads 3/4
16.6s  data  37%  1,500,000 rows  150.0 MB  10.0 MB/s  chunks 15/40  ETA 28.0s  threads 3/4
21.6s  data  50%  2,000,000 rows  200.0 MB  10.0 MB/s  chunks 20/40  ETA 22.0s  threads 3/4
22.1s  data  50%  2,000,000 rows  200.0 MB  9.9 MB/s  chunks 20/40  ETA 22.0s  threads 3/4
`
	if diff := cmp.Diff(want, w.b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestJSON(t *testing.T) {
	var w safeBuffer
	show(t, JSON, &w)
	lines := strings.Split(strings.TrimSpace(w.b.String()), "\n")
	if len(lines) < 20 || len(lines) > 25 {
		t.Errorf("%d events in 21.5 s, want one a second", len(lines))
	}
	var last event
	for _, line := range lines {
		last = event{}
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatal(err)
		}
	}
	if last.ETA == nil || *last.ETA < 21.5 || *last.ETA > 22.5 {
		t.Errorf("ETA %v, want about 22 s", last.ETA)
	}
	last.ETA = nil
	want := event{
		Event: "progress_end", Time: "2000-01-01T00:00:22.05Z", Phase: "data", Elapsed: 22.05, Rows: 2_000_000,
		Bytes: 200_000_000, BytesTotal: 400_000_000, PerSecond: last.PerSecond, Chunks: 20, ChunksTotal: 40, Busy: 3, Threads: 4,
	}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Error(diff)
	}
}

func TestBar(t *testing.T) {
	var w safeBuffer
	show(t, Bar, &w)
	text := w.b.String()
	if !strings.HasSuffix(text, "threads 3/4\x1b[K\n") || strings.Count(text, "\n") != 1 {
		t.Errorf("the last line stays and is the only one: %q", text[len(text)-200:])
	}
	if n := strings.Count(text, "\r"); n < 90 || n > 120 {
		t.Errorf("%d redraws in 21.5 s, want five a second", n)
	}
}

// TestBarFits draws into narrower and narrower terminals: a line that wraps would scroll.
func TestBarFits(t *testing.T) {
	s := state{phase: "data", rows: 1 << 50, bytes: 1 << 50, bytesTotal: 1 << 51, chunks: 5, chunksTotal: 9, threads: 16, eta: time.Hour, tablesTotal: 5, retries: 2}
	for width := range 200 {
		var w bytes.Buffer
		(&barDrawer{w: &w, width: func() int { return width }}).draw(s)
		line := strings.TrimSuffix(strings.TrimPrefix(w.String(), "\r"), "\x1b[K")
		if len(line) >= max(width, 1) {
			t.Errorf("width %d: %d characters: %q", width, len(line), line)
		}
	}
}

func TestNone(t *testing.T) {
	var w safeBuffer
	show(t, None, &w)
	if w.b.Len() != 0 {
		t.Errorf("shown: %q", w.b.String())
	}
}

func TestOverBar(t *testing.T) {
	var w bytes.Buffer
	if n, err := OverBar(&w).Write([]byte("level=INFO\n")); n != 11 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if w.String() != "\r\x1b[Klevel=INFO\n" {
		t.Errorf("%q", w.String())
	}
}
