package loader

import (
	"context"
	"database/sql"
	"runtime"
	"strings"

	"github.com/gomove/gomove/internal/dump"
)

const (
	// pieceBytes is what one parameter holds: the driver copies each as a whole before it sends it.
	pieceBytes = 1 << 20
	// hugeBytes is the size from which garbage is collected before a row is sent, as the buffer that the reader's grew out of.
	hugeBytes = 64 << 20
)

// largeStatement is the prepared INSERT of one row whose values are parameters; it is kept for rows of the same shape.
type largeStatement struct {
	text string
	stmt *sql.Stmt
}

// addLarge sends one row by a prepared statement, whose values travel apart from it (COM_STMT_SEND_LONG_DATA). A value of more than
// pieceBytes is several parameters that the server joins.
func (in *inserter) addLarge(ctx context.Context, row dump.Row) error {
	values, args := in.pieces(row)
	stmt, err := in.large.prepare(ctx, in.w.s, string(in.buf[:in.head])+values) //nolint:sqlclosecheck // insertRows closes it
	if err != nil {
		return in.failed(err)
	}
	if rowBytes(row) > hugeBytes {
		runtime.GC()
	}
	res, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return in.failed(err)
	}
	return in.count(ctx, res, 1)
}

// pieces returns the row's VALUES with marks, and what stands for each mark.
func (in *inserter) pieces(row dump.Row) (values string, args []any) {
	marks := make([]string, len(in.cols))
	for i, c := range in.cols {
		marks[i] = "?"
		rest := row[i]
		if len(rest) > pieceBytes {
			n := (len(rest) + pieceBytes - 1) / pieceBytes
			marks[i] = "CONCAT(?" + strings.Repeat(",?", n-1) + ")"
			for ; len(rest) > pieceBytes; rest = rest[pieceBytes:] {
				args = append(args, []byte(rest[:pieceBytes]))
			}
		}
		if charset := in.t.charsetOf(c); charset != "" {
			marks[i] = "CONVERT(" + marks[i] + " USING " + charset + ")"
		}
		if rest == nil {
			args = append(args, nil)
		} else {
			args = append(args, []byte(rest))
		}
	}
	return "(" + strings.Join(marks, ",") + ")", args
}

// prepare returns the statement of this text, which replaces another one.
func (l *largeStatement) prepare(ctx context.Context, s *session, text string) (*sql.Stmt, error) {
	if l.stmt != nil && l.text == text {
		return l.stmt, nil
	}
	if err := l.close(); err != nil {
		return nil, err
	}
	stmt, err := s.PrepareContext(ctx, text)
	if err == nil {
		l.text, l.stmt = text, stmt
	}
	return stmt, err
}

func (l *largeStatement) close() error {
	if l.stmt == nil {
		return nil
	}
	stmt := l.stmt
	l.stmt = nil
	return stmt.Close()
}
