// Package storetest is the conformance suite of stores: every backend runs it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/store"
)

// Run checks that what open returns keeps the contract of store.Store. open returns the same, at first empty, place
// each time that it is called within one test.
func Run(t *testing.T, open func(t *testing.T) func() store.Store) {
	for name, test := range map[string]func(*testing.T, func() store.Store){
		"names":            testNames,
		"create":           testCreate,
		"abort":            testAbort,
		"replace":          testReplace,
		"exclusive":        testExclusive,
		"list":             testList,
		"remove":           testRemove,
		"journal":          testJournal,
		"journal reopened": testJournalReopened,
		"cancelled":        testCancelled,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func testNames(t *testing.T, open func() store.Store) {
	s := open()
	for _, name := range []string{
		"", ".", "..", "a/b", "../a", `a\b`, "a\x00b", "a\nb", ".hidden", "a..b", "/etc/passwd", strings.Repeat("x", 300),
	} {
		_, create := s.Create(t.Context(), name)
		_, openErr := s.Open(t.Context(), name)
		_, journal := s.Journal(t.Context(), name)
		remove := s.Remove(t.Context(), name)
		for what, err := range map[string]error{"Create": create, "Open": openErr, "Journal": journal, "Remove": remove} {
			if !errors.Is(err, store.ErrName) {
				t.Errorf("%s(%q): got %v, want ErrName", what, name, err)
			}
		}
	}
}

func testCreate(t *testing.T, open func() store.Store) {
	s := open()
	f, err := s.Create(t.Context(), "shop.orders.00000.csv")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := io.WriteString(f, "1,2\n"); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(t, s, ""); len(got) != 0 {
		t.Errorf("listed before Close: %v", got)
	}
	if _, err := s.Open(t.Context(), "shop.orders.00000.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened before Close: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	if diff := cmp.Diff("1,2\n1,2\n1,2\n", read(t, open(), "shop.orders.00000.csv")); diff != "" {
		t.Error(diff)
	}
}

func testAbort(t *testing.T, open func() store.Store) {
	s := open()
	f, err := s.Create(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(f, "x")
	f.Abort()
	f.Abort()
	if err := f.Close(); err == nil {
		t.Error("Close after Abort: no error")
	}
	if got := list(t, s, ""); len(got) != 0 {
		t.Errorf("after Abort: %v", got)
	}
}

func testReplace(t *testing.T, open func() store.Store) {
	s := open()
	write(t, s, "a", "old and long")
	f, err := s.Create(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(f, "new")
	if got := read(t, s, "a"); got != "old and long" {
		t.Errorf("before Close: %q", got)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, "a"); got != "new" {
		t.Errorf("after Close: %q", got)
	}
}

func testExclusive(t *testing.T, open func() store.Store) {
	s, ok := open().(store.Exclusive)
	if !ok {
		t.Skip("the store cannot make a file only where there is none")
	}
	var files []store.File
	for _, text := range []string{"first", "second"} {
		f, err := s.CreateNew(t.Context(), "metadata")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(f, text)
		files = append(files, f)
		if text == "first" {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := files[1].Close(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second: got %v, want fs.ErrExist", err)
	}
	if got := read(t, open(), "metadata"); got != "first" {
		t.Errorf("got %q, want that of the first", got)
	}
	if got := list(t, open(), ""); len(got) != 1 {
		t.Errorf("listed %v, want one file", got)
	}
}

func testList(t *testing.T, open func() store.Store) {
	s := open()
	for _, name := range []string{"b.2", "a", "b.10", "c", "b.1"} {
		write(t, s, name, name)
	}
	want := []store.Info{{Name: "b.1", Bytes: 3}, {Name: "b.10", Bytes: 4}, {Name: "b.2", Bytes: 3}}
	if diff := cmp.Diff(want, list(t, s, "b.")); diff != "" {
		t.Error(diff)
	}
	n := 0
	for range s.List(t.Context(), "") {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("stopped listing after %d files, want 2", n)
	}
}

func testRemove(t *testing.T, open func() store.Store) {
	s := open()
	write(t, s, "a", "x")
	for range 2 {
		if err := s.Remove(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Open(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open after Remove: %v", err)
	}
}

func testJournal(t *testing.T, open func() store.Store) {
	s := open()
	j, err := s.Journal(t.Context(), "chunks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Append(t.Context(), []byte("a\nb")); err == nil {
		t.Error("record with a newline: no error")
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 50 {
				if err := j.Append(t.Context(), fmt.Appendf(nil, "%d-%d", i, k)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := strings.Count(read(t, open(), "chunks.jsonl"), "\n"); n != 400 {
		t.Errorf("%d records are readable before Close, want 400", n)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(read(t, s, "chunks.jsonl")) {
		seen[line] = true
	}
	if len(seen) != 400 {
		t.Errorf("%d different records, want 400", len(seen))
	}
}

func testJournalReopened(t *testing.T, open func() store.Store) {
	for _, c := range []struct{ name, before, want string }{
		{"whole", "a\nb\n", "a\nb\nnew\n"},
		{"torn", "a\nb\n{\"to", "a\nb\nnew\n"},
		{"torn-first", "{\"to", "new\n"},
		{"empty", "", "new\n"},
		{"torn-long", "a\n" + strings.Repeat("x", 200<<10), "a\nnew\n"},
	} {
		s := open()
		write(t, s, c.name, c.before)
		j, err := s.Journal(t.Context(), c.name)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(j.Append(t.Context(), []byte("new")), j.Close()); err != nil {
			t.Fatal(err)
		}
		if got := read(t, s, c.name); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func testCancelled(t *testing.T, open func() store.Store) {
	s := open()
	write(t, s, "a", "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if f, err := s.Create(ctx, "b"); !errors.Is(err, context.Canceled) {
		t.Errorf("Create: %v", err)
		f.Abort()
	}
	for _, err := range s.List(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("List: %v", err)
		}
	}
}

func write(t *testing.T, s store.Store, name, text string) {
	t.Helper()
	f, err := s.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s store.Store, name string) string {
	t.Helper()
	r, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func list(t *testing.T, s store.Store, prefix string) []store.Info {
	t.Helper()
	var all []store.Info
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info)
	}
	return all
}
