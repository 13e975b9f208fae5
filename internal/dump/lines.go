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

// listing is a file of JSON lines.
type listing struct {
	name     string
	sum      string // XXH3-128 that metadata tells; empty: none
	maxLines int    // 0: any number
	torn     bool   // the last line may be cut off
}

// readLines yields the records of a listing. A record that makes no sense is ErrFormat; a file with another checksum is
// ErrCorrupt at its end.
func readLines[T any](ctx context.Context, s store.Store, l listing) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		f, err := s.Open(ctx, l.name)
		if err != nil {
			yield(nil, absent(s, l.name, err))
			return
		}
		defer f.Close() //nolint:errcheck // it was only read
		for record, err := range scanLines[T](ctx, f, s.String(), l) {
			if !yield(record, err) {
				return
			}
		}
	}
}

// scanLines is readLines of an open file. place is the dump's.
func scanLines[T any](ctx context.Context, f io.Reader, place string, l listing) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		hash := xxh3.New128()
		in := bufio.NewReaderSize(io.TeeReader(f, hash), 64<<10)
		var buf []byte
		for line := 1; ; line++ {
			err := ctx.Err()
			if err != nil {
				yield(nil, err)
				return
			}
			buf, err = readLine(in, buf[:0])
			if errors.Is(err, io.EOF) || l.torn && errors.Is(err, ErrCorrupt) {
				break
			}
			record := new(T)
			if err == nil && l.maxLines > 0 && line > l.maxLines {
				err = fmt.Errorf("%w: more than %d lines", ErrFormat, l.maxLines)
			}
			if err == nil {
				err = decodeLine(buf, record)
			}
			if err != nil {
				yield(nil, &ListingError{File: l.name, Place: place, Line: line, Err: err})
				return
			}
			if !yield(record, nil) {
				return
			}
		}
		if l.sum != "" && l.sum != sumOf(hash) {
			yield(nil, &Problem{File: l.name, Kind: FileAltered, Place: place, What: errSumOfMetadata.Error()})
		}
	}
}

// writeLines writes a listing in place of one that may be there.
func writeLines[T any](ctx context.Context, s store.Store, name string, records iter.Seq[T]) error {
	f, err := s.Create(ctx, name)
	if err != nil {
		return err
	}
	defer f.Abort()
	b := bufio.NewWriterSize(f, 64<<10)
	for r := range records {
		text, err := marshalLine(r)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		_, _ = b.Write(append(text, '\n'))
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// decodeLine is ErrFormat for what is not JSON of T, and what its validate refuses.
func decodeLine(line []byte, record any) error {
	if err := checkShape(line); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
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

// What a record may hold. A value takes up to 50 times the room of its text in memory once it is decoded.
const (
	harmlessBytes = 64 << 10
	maxNesting    = 32
	maxRecords    = 2 * maxColumns // objects of JSON: the columns of a table, and few more
	maxValues     = 1 << 20        // the triggers, routines or files of an object
)

// checkShape refuses a text that would be large or deep once it is decoded, before it is.
func checkShape(text []byte) error {
	if len(text) <= harmlessBytes {
		return nil
	}
	depth, records, values, quoted := 0, 0, 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			if c == '{' {
				records++
			}
		case c == '}' || c == ']':
			depth--
		case c == ',':
			values++
		}
		if depth > maxNesting || records > maxRecords || values > maxValues {
			return fmt.Errorf("record of %d bytes holds more values than any object has, or nests them deeper than %d", len(text), maxNesting)
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
