package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
)

// warning is one line of SHOW WARNINGS.
type warning struct {
	level   string
	code    int
	message string
	row     int64 // of the chunk; 0: not told
}

func (w warning) String() string { return fmt.Sprintf("%s %d: %s", w.level, w.code, w.message) }

// aboutStatement reports a warning about words of the statement and not about a row: character sets and collations that a server
// means to give up (ER_WARN_DEPRECATED_SYNTAX, _UTF8_ALIAS, _UTF8MB3_CHARSET, _CHARSET, _COLLATION).
func (w *warning) aboutStatement() bool {
	switch w.code {
	case 1287:
		return strings.Contains(w.message, "deprecated")
	case 3719, 3720, 3778:
		return true
	}
	return false
}

// shownWarnings is how many of a chunk's warnings are read.
const shownWarnings = 10

// warnings asks the server for the warnings of the last statement, unless that was answered by an OK that counts none. It asks for
// their number first: reading @@warning_count would clear the list on MySQL 9.7.
func (s *session) warnings(ctx context.Context) (count int64, first []warning, err error) {
	if n, ok := s.Warned(); ok && n == 0 {
		return 0, nil, nil
	}
	if err := s.QueryRowContext(ctx, "SHOW COUNT(*) WARNINGS").Scan(&count); err != nil || count == 0 {
		return 0, nil, err
	}
	rows, err := s.QueryContext(ctx, fmt.Sprintf("SHOW WARNINGS LIMIT %d", shownWarnings))
	if err != nil {
		return count, nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var w warning
		if err := rows.Scan(&w.level, &w.code, &w.message); err != nil {
			return count, nil, err
		}
		if w.aboutStatement() {
			count-- // they come before those of rows
			continue
		}
		w.row = rowOf(w.message)
		first = append(first, w)
	}
	return count, first, rows.Err()
}

const (
	warnTruncated   = 1265 // also ENUM's index 0 on MariaDB
	warnWrongString = 1366
	warnInvalidText = 1300 // CONVERT of text that is not valid in its charset
)

// check holds what the target says of a chunk against the dump: as many rows as there are, and no warning but those
// that are expected or that the user chose to live with.
func (w *writer) check(ctx context.Context, one work, got result) error {
	if w.sharing && (got.rows != one.c.Rows || got.count != 0) {
		return errAlone
	}
	if got.rows != one.c.Rows {
		return w.mismatch(ctx, one, got)
	}
	if got.count == 0 {
		return nil
	}
	expected, err := w.expectedWarnings(ctx, one, got)
	if err != nil || expected {
		return err
	}
	what := fmt.Sprintf("%s for %s: %s", progress.Counted(got.count, "warning"), progress.Counted(got.rows, "row"), list(got.warnings))
	if w.o.Warnings != Report || w.replaces(one) && onlyCodes(got.warnings, warnWrongString, warnInvalidText) {
		bad := &rowError{err: fmt.Errorf("%w: %s", ErrRows, what)}
		if len(got.warnings) > 0 {
			bad.row, bad.code = got.warnings[0].row, got.warnings[0].code
		}
		return bad
	}
	w.summary.differs(fmt.Sprintf("table %s, chunk %s: %s", one.t, one.c.File, what))
	return nil
}

// replaces reports whether text that the target refuses can still be replaced.
func (w *writer) replaces(one work) bool {
	return w.o.Session.InvalidText == Replace && one.clean == nil
}

// expectedWarnings reports whether the warnings are those of ENUM's index 0, one for each cell that holds it.
func (w *writer) expectedWarnings(ctx context.Context, one work, got result) (bool, error) {
	if !one.t.enums || !onlyCodes(got.warnings, warnTruncated) {
		return false, nil
	}
	if got.expected < 0 {
		var err error
		if got.expected, err = w.enumZeros(ctx, one); err != nil {
			return false, err
		}
	}
	return got.count == got.expected, nil
}

// enumZeros counts the cells of ENUM columns that hold index 0, which is written as 0; a member of that name is refused
// by the dump.
func (w *writer) enumZeros(ctx context.Context, one work) (n int64, err error) {
	file, err := w.from.OpenChunk(ctx, one.c)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	zeros := one.t.warnedZeros(w.warnsOfZero())
	reader := w.rowReader(one, file)
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n += countZeros(row, zeros)
	}
}

// mismatch explains a chunk of which not every row arrived. LOAD DATA LOCAL passes over duplicates, on 5.6 without a
// word, so the rows go once more by INSERT, which names what it refuses; that is rolled back too.
func (w *writer) mismatch(ctx context.Context, one work, got result) error {
	err := fmt.Errorf("%w: %d of %d", ErrRows, got.rows, one.c.Rows)
	if len(got.warnings) > 0 {
		return fmt.Errorf("%w; %s", err, list(got.warnings))
	}
	if w.format == dump.SQL || w.viaInsert.Load() || one.t.plainEngine {
		return err
	}
	if cause := w.explain(ctx, one); cause != nil {
		return fmt.Errorf("%w; %w", err, cause)
	}
	return err
}

// explain finds by INSERT what LOAD DATA passed over. Its rows are rolled back.
func (w *writer) explain(ctx context.Context, one work) error {
	if _, err := w.s.ExecContext(ctx, "ROLLBACK"); err != nil {
		return err
	}
	if _, err := w.s.ExecContext(ctx, "START TRANSACTION"); err != nil {
		return err
	}
	file, err := w.from.OpenChunk(ctx, one.c)
	if err != nil {
		return err
	}
	_, err = w.insertRows(ctx, one, file)
	return errors.Join(err, file.Close())
}

func onlyCodes(warnings []warning, codes ...int) bool {
	for _, w := range warnings {
		known := false
		for _, c := range codes {
			known = known || w.code == c
		}
		if !known {
			return false
		}
	}
	return len(warnings) > 0
}

func list(warnings []warning) string {
	texts := make([]string, len(warnings))
	for i, w := range warnings {
		texts[i] = w.String()
	}
	return strings.Join(texts, "; ")
}
