package mydumper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/foreign/flat"
	"github.com/gomove/gomove/transform"
)

// load is a LOAD DATA statement.
type load struct {
	dialect  flat.Dialect
	columns  []string // of the table, in the order of the file
	convert  []string // charset that each is converted from; empty is none
	timeZone string
}

// loadData understands the LOAD DATA statement that stands beside a file of rows.
func (d *reading) loadData(ctx context.Context, f dataFile) (*load, error) {
	if f.sql == "" {
		return nil, fmt.Errorf("%w: %s has no %s.sql with its LOAD DATA statement", foreign.ErrDump, f.rows, f.stem)
	}
	text, err := d.read(ctx, f.sql)
	if err != nil {
		return nil, err
	}
	pieces, err := cut(f.sql, text, false)
	if err != nil {
		return nil, err
	}
	env := transform.NewEnvironment()
	for _, p := range pieces {
		m := transform.ModeOf(env.Vars[transform.VarClient], env.Vars[transform.VarMode])
		var tokens []transform.Token
		for _, t := range transform.Lex(p.text, m) {
			if t.Significant() {
				tokens = append(tokens, t)
			}
		}
		switch {
		case len(tokens) == 0:
		case tokens[0].Is("SET"):
			err = env.Set(p.text, m)
		case tokens[0].Is("LOAD"):
			l := &load{timeZone: env.Vars[transform.VarTimeZone]}
			if err = l.parse(tokens, m); err == nil {
				err = l.dialect.Validate()
			}
			if err == nil {
				return l, nil
			}
		default:
			err = errors.New("not LOAD DATA")
		}
		if err != nil {
			return nil, &foreign.PlaceError{File: f.sql, Line: int64(p.line), Err: fmt.Errorf("%w: %w: %.200q", foreign.ErrStatement, err, p.text)}
		}
	}
	return nil, fmt.Errorf("%w: %s holds no LOAD DATA statement", foreign.ErrDump, f.sql)
}

var errLoadData = errors.New("this form of LOAD DATA is not known")

// parse reads LOAD DATA LOCAL INFILE 'f' [REPLACE] INTO TABLE t CHARACTER SET binary FIELDS ... LINES ... (columns) SET c = CONVERT(@c USING x).
func (l *load) parse(tokens []transform.Token, m transform.Mode) error {
	open := slices.IndexFunc(tokens, func(t transform.Token) bool { return t.Is("(") })
	if open < 0 {
		return errLoadData
	}
	l.dialect = flat.Dialect{Fields: "\t", Lines: "\n", Escaped: `\`}
	binary, terminated := false, &l.dialect.Fields
	for i := range open {
		rest := tokens[i:open]
		var into *string
		switch {
		case rest[0].Is("FIELDS"), rest[0].Is("COLUMNS"):
			terminated = &l.dialect.Fields
		case rest[0].Is("LINES"):
			terminated = &l.dialect.Lines
		case len(rest) < 3:
		case rest[0].Is("CHARACTER") && rest[1].Is("SET"):
			binary = rest[2].Is("binary")
		case rest[0].Is("IGNORE") && rest[1].Kind == transform.Number:
			return errLoadData
		case !rest[1].Is("BY"):
		case rest[0].Is("TERMINATED"):
			into = terminated
		case rest[0].Is("ENCLOSED"):
			into = &l.dialect.Enclosed
		case rest[0].Is("ESCAPED"):
			into = &l.dialect.Escaped
		case rest[0].Is("STARTING") && rest[2].Unquote(m) != "":
			return errLoadData
		}
		if into == nil {
			continue
		}
		if rest[2].Kind != transform.String {
			return errLoadData
		}
		*into = rest[2].Unquote(m)
	}
	if !binary {
		return errors.New("its rows are in another character set than binary")
	}
	return l.list(tokens[open+1:], m)
}

// list reads "a,@b) SET b = CONVERT(@b USING utf8mb4)" behind its parenthesis.
func (l *load) list(tokens []transform.Token, m transform.Mode) error {
	end := slices.IndexFunc(tokens, func(t transform.Token) bool { return t.Is(")") })
	if end < 0 {
		return errLoadData
	}
	variables := map[string]int{}
	for i, t := range tokens[:end] {
		if i%2 == 1 {
			if !t.Is(",") {
				return errLoadData
			}
			continue
		}
		name := t.Unquote(m)
		if t.Kind == transform.Variable {
			variables[variable(t, m)] = len(l.columns)
			name = ""
		}
		l.columns = append(l.columns, name)
	}
	l.convert = make([]string, len(l.columns))
	rest := tokens[end+1:]
	for len(rest) > 0 && !rest[0].Is(";") {
		n, err := l.assign(rest[1:], variables, m)
		if err != nil {
			return err
		}
		rest = rest[1+n:]
	}
	if slices.Contains(l.columns, "") {
		return errLoadData
	}
	return nil
}

// variable is the name of @v, quoted or not.
func variable(t transform.Token, m transform.Mode) string {
	inner := transform.Lex(t.Text[1:], m)
	if len(inner) != 1 {
		return string(t.Text[1:])
	}
	return inner[0].Unquote(m)
}

// assign reads "c = CONVERT(@v USING charset)" or "c = @v", behind SET or a comma, and returns its length.
func (l *load) assign(tokens []transform.Token, variables map[string]int, m transform.Mode) (n int, err error) {
	if len(tokens) < 3 || !tokens[1].Is("=") {
		return 0, errLoadData
	}
	name, charset, at := tokens[0].Unquote(m), "", 2
	n = 3
	if tokens[2].Is("CONVERT") {
		if len(tokens) < 8 || !tokens[3].Is("(") || !tokens[5].Is("USING") || !tokens[7].Is(")") {
			return 0, errLoadData
		}
		charset, at, n = strings.ToLower(tokens[6].Unquote(m)), 4, 8
	}
	if tokens[at].Kind != transform.Variable {
		return 0, errLoadData // UNHEX and others
	}
	i, ok := variables[variable(tokens[at], m)]
	if !ok || l.columns[i] != "" {
		return 0, errLoadData
	}
	l.columns[i], l.convert[i] = name, charset
	return n, nil
}

// loadFile gives the rows of a LOAD DATA file.
type loadFile struct {
	*flat.Reader
	convert []string
	in      io.Closer
}

func (d *reading) openLoadData(ctx context.Context, f dataFile, t *foreign.Table) (foreign.RowFile, error) {
	l, err := d.loadData(ctx, f)
	if err == nil && !t.Same(l.columns) {
		err = fmt.Errorf("%s: %w: LOAD DATA with other columns than the first one of %s", f.sql, foreign.ErrStatement, t)
	}
	if err == nil {
		err = checkZone(t, l.timeZone)
	}
	if err != nil {
		return nil, err
	}
	in, err := d.open(ctx, f.rows)
	if err != nil {
		return nil, err
	}
	r := flat.NewReader(l.dialect)
	r.Reset(in, f.rows)
	return &loadFile{Reader: r, convert: l.convert, in: in}, nil
}

// Row reads the next row.
func (f *loadFile) Row() ([]foreign.Literal, error) {
	row, err := f.Reader.Row()
	for i := range row {
		if i < len(f.convert) && row[i].Form != foreign.Null {
			row[i].Charset = f.convert[i]
		}
	}
	return row, err
}

// Close closes the file.
func (f *loadFile) Close() error { return f.in.Close() }
