//go:build linux

package store_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/store/storetest"
)

func TestDirConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.Store {
		path := filepath.Join(t.TempDir(), "dump")
		return func() store.Store { return newDir(t, path) }
	})
}

func newDir(t *testing.T, path string) *store.Dir {
	t.Helper()
	d, err := store.NewDir(path, store.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDirModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dump")
	d := newDir(t, path)
	f, err := d.Create(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	j, err := d.Journal(t.Context(), "j")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Close(), j.Close()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"": 0o700, "a": 0o600, "j": 0o600} {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q: mode %o, want %o", name, got, want)
		}
	}
}

func TestNewDirRefuses(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, want string
		access           store.Access
	}{
		{"missing", filepath.Join(root, "none"), "none: no such file or directory", store.ReadOnly},
		{"a file", file, "file: not a directory", store.ReadOnly},
		{"a file to write", file, "file: not a directory", store.ReadWrite},
		{"parent missing", filepath.Join(root, "no", "dump"), "dump: no such file or directory", store.ReadWrite},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := store.NewDir(c.path, c.access)
			if err == nil || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("got %v, want ...%s", err, c.want)
			}
		})
	}
}

func TestCheckEmpty(t *testing.T) {
	path := t.TempDir()
	d := newDir(t, path)
	if err := os.Mkdir(filepath.Join(path, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.CheckEmpty(t.Context()); err != nil {
		t.Errorf("a fresh file system: %v", err)
	}
	if err := os.Mkdir(filepath.Join(path, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.CheckEmpty(t.Context()); !errors.Is(err, store.ErrNotEmpty) || !strings.Contains(err.Error(), "sub") {
		t.Errorf("a directory inside: %v", err)
	}
}

func TestDirRefusesWhatIsNotAFile(t *testing.T) {
	path := t.TempDir()
	d := newDir(t, path)
	for name, make := range map[string]func(string) error{
		"link": func(p string) error { return os.Symlink("/etc/passwd", p) },
		"dir":  func(p string) error { return os.Mkdir(p, 0o700) },
		"fifo": func(p string) error { return syscall.Mkfifo(p, 0o600) },
	} {
		if err := make(filepath.Join(path, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Open(t.Context(), name); !errors.Is(err, store.ErrNotRegular) {
			t.Errorf("Open %s: %v", name, err)
		}
		if _, err := d.Journal(t.Context(), name); !errors.Is(err, store.ErrNotRegular) {
			t.Errorf("Journal %s: %v", name, err)
		}
		if _, err := d.Stat(t.Context(), name); !errors.Is(err, store.ErrNotRegular) {
			t.Errorf("Stat %s: %v", name, err)
		}
	}
	for info := range d.List(t.Context(), "") {
		t.Errorf("listed %s", info.Name)
	}
}

func TestLeftoverTemporaryFile(t *testing.T) {
	d := newDir(t, t.TempDir())
	if _, err := d.Create(t.Context(), "a"); err != nil { // as a killed run leaves it
		t.Fatal(err)
	}
	f, err := d.Create(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk needs a small file system, which only root can mount.
func TestFullDisk(t *testing.T) {
	path := t.TempDir()
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=256k,nr_inodes=20"); err != nil {
		t.Skipf("SKIPPED: no small tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(path, 0); err != nil {
			t.Error(err)
		}
	})
	d := newDir(t, path)
	j, err := d.Journal(t.Context(), "j")
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Append(t.Context(), []byte("first")); err != nil {
		t.Fatal(err)
	}
	f, err := d.Create(t.Context(), "big")
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 10<<10))
	}
	want := "write " + path + "/big: no space left on device: the file system of " + path + " has 0 B free of 256 KiB"
	if err.Error() != want || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	long := []byte(strings.Repeat("x", 6<<10))
	if err := j.Append(t.Context(), long); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("journal on a full disk: %v", err)
	}
	if err := f.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close after a failed write: %v", err)
	}
	if err := errors.Join(j.Append(t.Context(), []byte("second")), j.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := d.Open(t.Context(), "j")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	if string(text) != "first\nsecond\n" {
		t.Errorf("journal after a failed append: %q", text)
	}
	if _, err := os.Stat(filepath.Join(path, "big")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the unfinished file has its name")
	}
}
