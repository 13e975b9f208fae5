package dump

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/store"
)

// maxLineBytes bounds a line of the .jsonl files. A table of 4,096 columns, one of them an ENUM of 65,535 members, is less.
const maxLineBytes = 32 << 20

// readLines yields the records of a file of JSON lines. A record that makes no sense is ErrFormat; with sum, a file that
// has another XXH3-128 is ErrCorrupt at its end.
func readLines[T any](ctx context.Context, s store.Store, name, sum string) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		f, err := s.Open(ctx, name)
		if err != nil {
			yield(nil, missing(s, name, err))
			return
		}
		defer f.Close() //nolint:errcheck // it was only read
		hash := xxh3.New128()
		in := bufio.NewReaderSize(io.TeeReader(f, hash), 64<<10)
		var buf []byte
		for line := 1; ; line++ {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			buf, err = readLine(in, buf[:0])
			if errors.Is(err, io.EOF) {
				break
			}
			record := new(T)
			if err == nil {
				err = decodeLine(buf, record)
			}
			if err != nil {
				yield(nil, fmt.Errorf("%s in %s, line %d: %w", name, s, line, err))
				return
			}
			if !yield(record, nil) {
				return
			}
		}
		if h := hash.Sum128(); sum != "" && sum != (RowSum{Hi: h.Hi, Lo: h.Lo}).String() {
			yield(nil, fmt.Errorf("%s in %s: %w: its checksum is not the one that metadata tells; copy the dump again", name, s, ErrCorrupt))
		}
	}
}

// decodeLine is ErrFormat for what is not JSON of T, and what its validate refuses.
func decodeLine(line []byte, record any) error {
	if err := json.Unmarshal(line, record); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if v, ok := record.(interface{ validate() error }); ok {
		if err := v.validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrFormat, err)
		}
	}
	return nil
}

// readLine appends the next line to buf without its newline; io.EOF after the last whole one.
func readLine(in *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		buf = append(buf, part...)
		switch {
		case err == nil:
			return buf[:len(buf)-1], nil
		case errors.Is(err, io.EOF) && len(buf) > 0:
			return buf, fmt.Errorf("%w: the file ends inside a line", ErrCorrupt)
		case !errors.Is(err, bufio.ErrBufferFull):
			return buf, err
		case len(buf) > maxLineBytes:
			return buf, fmt.Errorf("%w: line is longer than %d bytes", ErrFormat, maxLineBytes)
		}
	}
}
