package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// dirJournal appends lines to a file. A record is one write(2): it outlives a crash of this process.
type dirJournal struct {
	path string

	mu   sync.Mutex
	f    *os.File
	buf  []byte
	size int64 // of the whole records
}

// Journal opens or creates a journal, mode 0600. A torn last record of an earlier run is cut off.
func (d *Dir) Journal(_ context.Context, name string) (Journal, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	path := filepath.Join(d.path, name)
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: %w", path, ErrNotRegular)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, writeError("create", path, err)
	}
	size, err := cutTornRecord(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("journal %s: %w", path, err), f.Close())
	}
	return &dirJournal{path: path, f: f, size: size}, nil
}

// cutTornRecord truncates f after its last newline and returns the size that is left.
func cutTornRecord(f *os.File) (int64, error) {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	whole := int64(0)
	buf := make([]byte, 64<<10)
	for at := end; at > 0 && whole == 0; {
		n := min(at, int64(len(buf)))
		at -= n
		if _, err := f.ReadAt(buf[:n], at); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			whole = at + int64(i) + 1
		}
	}
	if whole == end {
		return end, nil
	}
	return whole, f.Truncate(whole)
}

// Append adds one record and its newline. After an error nothing of the record is left.
func (j *dirJournal) Append(_ context.Context, record []byte) error {
	if bytes.IndexByte(record, '\n') >= 0 {
		return fmt.Errorf("journal %s: record holds a newline", j.path)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return fmt.Errorf("journal %s: %w", j.path, os.ErrClosed)
	}
	j.buf = append(append(j.buf[:0], record...), '\n')
	if _, err := j.f.WriteAt(j.buf, j.size); err != nil {
		return errors.Join(writeError("append to", j.path, err), j.f.Truncate(j.size))
	}
	j.size += int64(len(j.buf))
	return nil
}

// Close closes the file.
func (j *dirJournal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return nil
	}
	err := j.f.Close()
	j.f = nil
	if err != nil {
		return writeError("close", j.path, err)
	}
	return nil
}
