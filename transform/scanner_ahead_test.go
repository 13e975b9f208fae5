package transform

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// piecewise reads a script as a reader of dumps does: INSERT statements up to their semicolon by Buffered, all others whole.
func piecewise(t *testing.T, r io.Reader, size int) (got, comments []string) {
	t.Helper()
	s := NewScanner(r, Mode{Charset: "utf8mb4"}, 0)
	s.OnComment(func(line []byte) { comments = append(comments, string(line)) })
	s.Reserve(size)
	for {
		head, err := s.Ahead(6)
		if errors.Is(err, io.EOF) {
			return got, comments
		}
		if err != nil {
			t.Fatal(err)
		}
		line, offset := s.Place()
		if string(head) != "INSERT" {
			st, err := s.Next()
			if err != nil {
				t.Fatal(err)
			}
			if st.Line != line || st.Offset != offset {
				t.Errorf("Place is line %d, byte %d; Next says %d, %d", line, offset, st.Line, st.Offset)
			}
			got = append(got, string(st.Text))
			continue
		}
		for seen := 0; ; {
			i := bytes.IndexByte(s.Buffered()[seen:], ';')
			if i >= 0 {
				got = append(got, string(s.Buffered()[:seen+i])+" @"+strings.Repeat("I", line))
				s.Take(seen + i + 1)
				break
			}
			seen = len(s.Buffered())
			if more, err := s.More(); !more || err != nil {
				t.Fatalf("no end of an INSERT: %v", err)
			}
		}
	}
}

func TestScannerAhead(t *testing.T) {
	script := "/*M!999999\\- enable the sandbox mode */ \n-- Host: h\n--\nSET NAMES utf8mb4;\nINSERT INTO t VALUES (1),\n(2);\n" +
		"DELIMITER ;;\nCREATE x; y ;;\nDELIMITER ;\n\nINSERT INTO t VALUES ('" + strings.Repeat("long ", 100) + "');INSERT 3;\n/* c */ SET a=1; -- Dump completed"
	want := []string{
		"SET NAMES utf8mb4", "INSERT INTO t VALUES (1),\n(2) @IIIII", "CREATE x; y",
		"INSERT INTO t VALUES ('" + strings.Repeat("long ", 100) + "') @IIIIIIIIIII", "INSERT 3 @IIIIIIIIIII", "SET a=1",
	}
	wantComments := []string{"-- Host: h", "--", "-- Dump completed"}
	for name, r := range map[string]io.Reader{"whole": strings.NewReader(script), "bytes": iotest.OneByteReader(strings.NewReader(script))} {
		for _, size := range []int{1, 7, 64, 1 << 16} {
			got, comments := piecewise(t, r, size)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, buffer of %d: statements (-want +got):\n%s", name, size, diff)
			}
			if diff := cmp.Diff(wantComments, comments); diff != "" {
				t.Errorf("%s, buffer of %d: comments (-want +got):\n%s", name, size, diff)
			}
			r = strings.NewReader(script)
		}
	}
}

func TestScannerAheadErrors(t *testing.T) {
	for name, c := range map[string]struct {
		r    io.Reader
		want error
	}{
		"end":        {strings.NewReader(" \n-- a\n"), io.EOF},
		"in comment": {strings.NewReader("/* a"), ErrUnterminated},
		"broken":     {iotest.ErrReader(io.ErrClosedPipe), io.ErrClosedPipe},
	} {
		if _, err := NewScanner(c.r, Mode{}, 0).Ahead(1); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestScannerTakesInPieces has an INSERT that is longer than a statement may be, taken piece by piece.
func TestScannerTakesInPieces(t *testing.T) {
	script := "INSERT INTO t VALUES " + strings.Repeat("(1),\n", 10_000) + "(2);\nSET a=1;"
	s := NewScanner(iotest.HalfReader(strings.NewReader(script)), Mode{}, 4096)
	if _, err := s.Ahead(6); err != nil {
		t.Fatal(err)
	}
	for !bytes.Contains(s.Buffered(), []byte(";\n")) {
		s.Take(max(0, len(s.Buffered())-5))
		if more, err := s.More(); !more || err != nil {
			t.Fatalf("%v, %v", more, err)
		}
	}
	s.Take(bytes.Index(s.Buffered(), []byte(";\n")) + 1)
	st, err := s.Next()
	if err != nil || string(st.Text) != "SET a=1" || st.Line != 10_002 {
		t.Errorf("%q in line %d: %v", st.Text, st.Line, err)
	}
}
