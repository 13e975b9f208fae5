package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// sqlRows runs a chunk of INSERT statements. Their values are looked at token by token: only literals get through, and
// the statement's head is written anew for the table that the chunk belongs to.
func (w *writer) sqlRows(ctx context.Context, one work, r io.Reader) (result, error) {
	var got result
	env := newEnvironment()
	scan := transform.NewScanner(r, transform.Mode{Charset: "binary"}, 0)
	for {
		st, err := scan.Next()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		m := scan.Mode()
		if leads(st.Text, m, "SET") {
			if err := env.set(st.Text, m); err != nil {
				return got, fmt.Errorf("line %d: %w", st.Line, err)
			}
			continue
		}
		if err := w.sqlInsert(ctx, one.t, env, st, m, &got); err != nil {
			return got, fmt.Errorf("line %d: %w", st.Line, err)
		}
	}
}

func (w *writer) sqlInsert(ctx context.Context, t *table, env *environment, st transform.Statement, m transform.Mode, got *result) error {
	ins, err := readInsert(st.Text, m, t, w.warnsOfZero())
	if err != nil {
		return err
	}
	if err := w.s.rowMode(ctx, env.vars, w.target); err != nil {
		return err
	}
	cols := ""
	if len(ins.columns) > 0 {
		names := make([]string, len(ins.columns))
		for i, c := range ins.columns {
			names[i] = mysql.QuoteName(c)
		}
		cols = " (" + strings.Join(names, ",") + ")"
	}
	res, err := w.s.ExecContext(ctx, "INSERT INTO "+t.String()+cols+" VALUES "+string(ins.values))
	if err != nil {
		return inRow(fmt.Errorf("after row %d of the chunk: %w", got.rows, err), got.rows)
	}
	affected, err := res.RowsAffected()
	if err != nil {
		return err
	}
	count, warnings, err := w.s.warnings(ctx)
	if err != nil {
		return err
	}
	got.add(affected, count, warnings, got.rows)
	got.expected += ins.enumZeros
	return nil
}

// rowMode sets how a file's INSERT statements are read: their charset, and of their sql_mode what decides how text is
// read and whether a value that does not fit is an error or a warning.
func (s *session) rowMode(ctx context.Context, vars map[string]string, to transform.Target) error {
	charset := adaptCharset(orDefault(vars[varClient], "binary"), to)
	mode := s.baseMode
	if want, ok := vars[varMode]; ok {
		if !strings.Contains(strings.ToUpper(want), "STRICT_") {
			mode = withoutStrict(mode)
		}
		mode = withFlags(mode, want)
	}
	zone := orDefault(vars[varTimeZone], s.baseZone)
	set := "SET character_set_client=" + charset + ", character_set_connection=" + charset +
		", sql_mode=" + mysql.QuoteString(mode) + ", time_zone=" + mysql.QuoteString(zone)
	if s.applied == set {
		return nil
	}
	if !plainWord(charset) {
		return fmt.Errorf("%w: charset %q", ErrUnsafe, charset)
	}
	if _, err := s.ExecContext(ctx, set); err != nil {
		return err
	}
	s.applied = set
	return nil
}

func plainWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_') {
			return false
		}
	}
	return s != ""
}

// insertStatement is a multi-row INSERT taken apart.
type insertStatement struct {
	columns   []string // empty: all of the table's
	values    []byte   // "(..),(..)"
	enumZeros int64
}

// readInsert takes INSERT INTO [schema.]table [(columns)] VALUES (literals),... apart and refuses anything else.
func readInsert(stmt []byte, m transform.Mode, t *table, always bool) (insertStatement, error) {
	var ins insertStatement
	lex := transform.NewLexer(stmt, m)
	pos := 0
	next := func() transform.Token {
		for {
			tok, ok := lex.Next()
			pos += len(tok.Text)
			if !ok || tok.Significant() {
				return tok
			}
		}
	}
	if !next().Is("INSERT") || !next().Is("INTO") {
		return ins, fmt.Errorf("%w: a chunk holds only INSERT INTO", ErrUnsafe)
	}
	tok := next() // the table's name, which was the source's: the chunk says which table it is
	if tok.Kind != transform.QuotedName && tok.Kind != transform.Word {
		return ins, fmt.Errorf("%w: INSERT without a table", ErrUnsafe)
	}
	tok = next()
	if tok.Is(".") {
		next()
		tok = next()
	}
	if tok.Is("(") {
		for !tok.Is(")") {
			tok = next()
			if tok.Kind != transform.QuotedName && tok.Kind != transform.Word {
				return ins, fmt.Errorf("%w: INSERT with an odd list of columns", ErrUnsafe)
			}
			ins.columns = append(ins.columns, tok.Unquote(m))
			if tok = next(); !tok.Is(",") && !tok.Is(")") {
				return ins, fmt.Errorf("%w: INSERT with an odd list of columns", ErrUnsafe)
			}
		}
		tok = next()
	}
	if !tok.Is("VALUES") && !tok.Is("VALUE") {
		return ins, fmt.Errorf("%w: INSERT without VALUES", ErrUnsafe)
	}
	ins.values = stmt[pos:]
	zeros, err := checkValues(lex, m, zeroCells(t, ins.columns, always))
	ins.enumZeros = zeros
	return ins, err
}

// zeroCells tells for each value of a row what stands for an ENUM's index 0.
func zeroCells(t *table, columns []string, always bool) []string {
	if !t.enums || len(columns) == 0 {
		return t.warnedZeros(always)
	}
	byName := map[string]string{}
	for _, c := range t.unpack() {
		byName[strings.ToLower(c.name)] = c.warnedZero(always)
	}
	zeros := make([]string, len(columns))
	for i, name := range columns {
		zeros[i] = byName[strings.ToLower(name)]
	}
	return zeros
}

// checkValues lets through rows of literals: numbers, strings, NULL, charset introducers, and the conversions that dumps
// write. It counts the cells of ENUM columns that hold index 0.
func checkValues(lex *transform.Lexer, m transform.Mode, zeroCells []string) (zeros int64, err error) {
	depth, cell, using := 0, 0, false
	for {
		t, ok := lex.Next()
		if !ok {
			break
		}
		bad := false
		switch t.Kind {
		case transform.Space, transform.Comment:
			continue
		case transform.Number, transform.String:
			bad = depth == 0
			if depth == 1 && cell < len(zeroCells) && zeroCells[cell] != "" && t.Unquote(m) == zeroCells[cell] {
				zeros++
			}
		case transform.Word:
			bad = depth == 0 || !using && !valueWord(t)
		case transform.Punct:
			depth, cell, bad = step(t.Text[0], depth, cell)
		default:
			bad = true
		}
		if bad {
			return 0, fmt.Errorf("%w: %q among the values of an INSERT", ErrUnsafe, excerpt(t.Text))
		}
		using = t.Is("USING")
	}
	if depth != 0 {
		return 0, fmt.Errorf("%w: INSERT ends within a row", ErrUnsafe)
	}
	return zeros, nil
}

// step follows parentheses and commas. Cells are counted in rows, which are at depth 1.
func step(c byte, depth, cell int) (int, int, bool) {
	switch c {
	case '(':
		if depth == 0 {
			cell = 0
		}
		return depth + 1, cell, false
	case ')':
		return depth - 1, cell, depth == 0
	case ',':
		if depth == 1 {
			cell++
		}
		return depth, cell, false
	case '-', '+':
		return depth, cell, depth == 0
	}
	return depth, cell, true
}

// valueWord reports the words that may stand in a row: NULL, the functions that dumps wrap literals in, introducers.
func valueWord(t transform.Token) bool {
	switch strings.ToUpper(string(t.Text)) {
	case "NULL", "TRUE", "FALSE", "CONVERT", "USING", "UNHEX", "FROM_BASE64":
		return true
	}
	return len(t.Text) > 1 && t.Text[0] == '_'
}

// leads reports whether a statement starts with this word.
func leads(stmt []byte, m transform.Mode, word string) bool {
	lex := transform.NewLexer(stmt, m)
	for {
		t, ok := lex.Next()
		if !ok {
			return false
		}
		if t.Significant() {
			return t.Is(word)
		}
	}
}
