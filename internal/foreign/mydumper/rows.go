package mydumper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/foreign/flat"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// rowsOf settles how a table's rows are read: its first file tells which columns they have. All others must agree.
func (d *reading) rowsOf(ctx context.Context, schema, part string, t *tableFiles, st statement, o *dump.FedObject) (*foreign.Rows, error) {
	want, err := d.wanted(ctx, part, t)
	if err != nil {
		return nil, err
	}
	rows := &foreign.Rows{Want: want}
	if len(t.data) == 0 {
		if want < 0 {
			rows.Want = -1
		}
		if rows.Table, err = tableOf(o, st, "binary"); err != nil {
			return nil, err
		}
		if err := chooseAll(rows.Table, st); err != nil {
			return nil, err
		}
		o.Columns = rows.Table.Columns()
		return rows, nil
	}
	var columns []string
	charset := "binary"
	first := t.data[0]
	if first.rows != "" {
		load, err := d.loadData(ctx, first)
		if err != nil {
			return nil, err
		}
		columns = load.columns
	} else if columns, charset, err = d.peek(ctx, first.sql); err != nil {
		return nil, err
	}
	if rows.Table, err = tableOf(o, st, charset); err != nil {
		return nil, err
	}
	left, err := rows.Table.Choose(columns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", first.stem, err)
	}
	for _, name := range left {
		d.warnings = append(d.warnings, fmt.Sprintf("table %s: the dump has no values of column %s, which keeps its default: mydumper leaves out what SELECT * does not show",
			rows.Table, mysql.QuoteName(name)))
	}
	o.Columns, o.Estimated = rows.Table.Columns(), want
	byName := map[string]dataFile{}
	for _, f := range t.data {
		name := f.sql
		if f.rows != "" {
			name = f.rows
		}
		byName[name] = f
		rows.Files = append(rows.Files, name)
	}
	rows.Open = func(ctx context.Context, name string) (foreign.RowFile, error) {
		return d.openRows(ctx, byName[name], rows.Table, charset)
	}
	return rows, nil
}

// wanted is how many rows the dump says that a table has, -1 where it does not say.
func (d *reading) wanted(ctx context.Context, part string, t *tableFiles) (int64, error) {
	if n, ok := d.metadata.rows[part+"."+t.part]; ok {
		return n, nil
	}
	if t.count == "" {
		return -1, nil
	}
	text, err := d.read(ctx, t.count)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %s holds no number of rows", foreign.ErrDump, t.count)
	}
	return n, nil
}

// chooseAll takes every column that can have a value.
func chooseAll(t *foreign.Table, st statement) error {
	all, err := transform.Columns(st.text, st.mode)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range all {
		if !c.Generated {
			names = append(names, c.Name)
		}
	}
	_, err = t.Choose(names)
	return err
}

// peek reads a file of INSERT statements up to the first.
func (d *reading) peek(ctx context.Context, name string) (columns []string, charset string, err error) {
	f, err := d.open(ctx, name)
	if err != nil {
		return nil, "", err
	}
	d.reader.Reset(f, name, "binary")
	h, err := d.reader.Next()
	if errors.Is(err, io.EOF) {
		return nil, d.reader.Charset(), f.Close()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, "", err
	}
	return h.Columns, d.reader.Charset(), nil
}

// openRows begins a file of rows.
func (d *reading) openRows(ctx context.Context, f dataFile, t *foreign.Table, charset string) (foreign.RowFile, error) {
	if f.rows != "" {
		return d.openLoadData(ctx, f, t)
	}
	in, err := d.open(ctx, f.sql)
	if err != nil {
		return nil, err
	}
	check := func(r *foreign.InsertReader) error {
		if r.Charset() != charset {
			return fmt.Errorf("%w: rows in %s, those before are in %s", foreign.ErrStatement, r.Charset(), charset)
		}
		return checkZone(t, r.TimeZone())
	}
	return foreign.OpenInserts(in, f.sql, "binary", t, d.reader, check), nil
}

// checkZone refuses TIMESTAMP values whose time zone the dump does not tell (--skip-tz-utc).
func checkZone(t *foreign.Table, zone string) error {
	if zone == "+00:00" || !t.HasTimestamp() {
		return nil
	}
	return fmt.Errorf("%w: the TIMESTAMP values of %s stand in the time zone of the server that was dumped, which the dump does not tell: dump without --skip-tz-utc",
		foreign.ErrStatement, t)
}

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

// isSequence reports a sequence that 0.10 has read as a table: its CREATE TABLE makes a sequence on MariaDB.
func isSequence(st statement) bool {
	tokens := transform.Lex(st.text, st.mode)
	for i := range tokens {
		if after, ok := transform.Match(tokens, i, "SEQUENCE", "=", "1"); ok && i > 0 && after <= len(tokens) && tokens[i].Is("SEQUENCE") {
			return true
		}
	}
	return false
}

// sequence makes a sequence of a CREATE TABLE ... SEQUENCE=1 and its only row.
func (d *reading) sequence(ctx context.Context, schema, name string, st statement, t *tableFiles) (*dump.FedObject, error) {
	o := &dump.FedObject{Object: dump.Object{Kind: dump.KindSequence, Schema: schema, Name: name, Base: schema + "." + name, Rows: -1, Estimated: -1}}
	refuse := func(why string) (*dump.FedObject, error) {
		return nil, fmt.Errorf("%w: sequence %s: %s", foreign.ErrDump, mysql.QuoteTable(schema, name), why)
	}
	if len(t.data) != 1 || t.data[0].rows != "" {
		return refuse("its state is not in one file of INSERT")
	}
	f, err := d.open(ctx, t.data[0].sql)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d.reader.Reset(f, t.data[0].sql, "binary")
	if _, err := d.reader.Next(); err != nil {
		return nil, err
	}
	row, err := d.reader.Row()
	if err != nil {
		return nil, err
	}
	const next, minimum, maximum, start, increment, cache, cycle, round = 0, 1, 2, 3, 4, 5, 6, 7
	if len(row) != round+1 || slices.ContainsFunc(row, func(v foreign.Literal) bool { return v.Form != foreign.Number }) {
		return refuse("its row is not that of a sequence")
	}
	n := func(i int) string { return string(row[i].Text) }
	create := "CREATE SEQUENCE " + mysql.QuoteName(name) + " START WITH " + n(start) + " MINVALUE " + n(minimum) + " MAXVALUE " + n(maximum) +
		" INCREMENT BY " + n(increment) + " CACHE " + n(cache)
	if n(cycle) == "1" {
		create += " CYCLE"
	}
	d.mariadb = true
	foreign.AddText(o, t.create, st.line, "", []byte(create))
	foreign.AddText(o, t.data[0].sql, 1, "", []byte("DO SETVAL("+mysql.QuoteName(name)+", "+n(next)+", 0, "+n(round)+")"))
	return o, nil
}
