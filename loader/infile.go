package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// infile sends a chunk by LOAD DATA LOCAL INFILE. The driver answers the server's request for the file only with this
// reader, which is registered under a random name for this one statement.
func (w *writer) infile(ctx context.Context, one work, r io.Reader) (result, error) {
	var text *recastText
	if one.t.recast.masked() {
		text = newRecastText(one.t, w.rowReader(one, r))
		r = text
	}
	name := randomName()
	mysqldriver.RegisterReaderHandler(name, func() io.Reader { return io.MultiReader(r) }) // no Close: the chunk is closed where it was opened
	defer mysqldriver.DeregisterReaderHandler(name)
	res, err := w.s.watched(ctx, loadStatement(one.t, "LOCAL INFILE "+mysql.QuoteString("Reader::"+name)))
	if err = errors.Join(text.failed(), err); err != nil {
		return result{}, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return result{}, err
	}
	got := result{rows: n, expected: -1}
	got.count, got.warnings, err = w.s.warnings(ctx)
	return got, err
}

// loadStatement is LOAD DATA for a chunk in format 1's CSV, from a source in the words of LOAD DATA. Columns whose text must be converted go through a variable,
// and then the AUTO_INCREMENT column too: MySQL 5.6 and MariaDB 10.11 forget at a SET clause that it was given, and make
// a new number in place of 0.
func loadStatement(t *table, source string) string {
	var sql, set strings.Builder
	sql.WriteString("LOAD DATA " + source + " INTO TABLE " + t.String() + " " + dump.LoadDataClauses + " (")
	converts := t.converts()
	for i, c := range t.fileColumns() {
		if i > 0 {
			sql.WriteByte(',')
		}
		if c.name == "" {
			sql.WriteString("@gone")
			continue
		}
		charset := t.charsetOf(c)
		if charset == "" && (!converts || c.name != t.numbered) {
			sql.WriteString(mysql.QuoteName(c.name))
			continue
		}
		variable := "@c" + strconv.Itoa(i+1)
		sql.WriteString(variable)
		if set.Len() == 0 {
			set.WriteString(" SET ")
		} else {
			set.WriteByte(',')
		}
		set.WriteString(mysql.QuoteName(c.name) + "=")
		if charset == "" {
			set.WriteString(variable)
		} else {
			set.WriteString("CONVERT(" + variable + " USING " + charset + ")")
		}
	}
	return sql.String() + ")" + set.String()
}

// fileColumns are the columns of the text that is sent; those that are not moved have no name.
func (t *table) fileColumns() []tableColumn {
	if t.recast == nil || t.recast.masked() {
		return t.unpack()
	}
	cols := make([]tableColumn, len(t.recast.columns))
	for _, at := range t.recast.kept {
		cols[at] = t.recast.columns[at]
	}
	return cols
}

// converts reports whether some column's text must be converted.
func (t *table) converts() bool {
	return slices.ContainsFunc(t.unpack(), func(c tableColumn) bool { return t.charsetOf(c) != "" })
}

// charsetOf is the charset that a column's bytes must be converted from; empty: they go in as they are.
func (t *table) charsetOf(c tableColumn) string {
	if c.encoding == dump.UTF8 {
		return "utf8mb4"
	}
	return t.convert[c.name]
}

// The errors of a server, or of this client, that has local_infile off.
func localInfileOff(err error) bool {
	switch mysql.Number(err) {
	case 1148, 3948, 4166, 2068:
		return true
	}
	return false
}

// routeRefused changes the route when the target refuses LOAD DATA FROM S3, or LOAD DATA LOCAL, and it was left to gomove.
func (l *load) routeRefused(err error) bool {
	if l.o.Via != ViaAuto {
		return false
	}
	if l.viaS3.Load() && refusesS3(err) {
		l.leaveS3(err.Error())
		return true
	}
	if !localInfileOff(err) {
		return false
	}
	l.chooseInsert("LOAD DATA LOCAL was refused: " + err.Error())
	return true
}

// chooseInsert settles on the INSERT route.
func (l *load) chooseInsert(why string) {
	if l.viaInsert.CompareAndSwap(false, true) {
		l.log.Info("rows go by INSERT", "reason", why)
		l.summary.route(ViaInsert, why)
	}
}

// chooseRoute settles how rows go, from what the target and the dump say. A refusal later on is met too.
func (l *load) chooseRoute() error {
	l.summary.route(ViaLocalInfile, "")
	why := ""
	if l.o.Via == ViaS3 || l.o.Via == ViaAuto && l.onS3() {
		if why = l.lacksForS3(); why == "" {
			l.viaS3.Store(true)
			l.summary.route(ViaS3, "the target reads the chunks by LOAD DATA FROM S3")
			return nil
		}
		if l.o.Via == ViaS3 {
			return fmt.Errorf("--via s3: %s", why)
		}
		l.log.Info("rows do not go by LOAD DATA FROM S3", "reason", why)
	}
	l.withoutS3(why)
	return nil
}

// withoutS3 chooses between the routes over this machine.
func (l *load) withoutS3(why string) {
	l.summary.route(ViaLocalInfile, why)
	switch {
	case l.format == dump.SQL:
		l.summary.route(ViaInsert, "the dump holds INSERT statements")
	case l.o.Via == ViaInsert:
		l.chooseInsert("--via insert")
	case l.o.Via == ViaAuto && !l.server.Facts.LocalInfile:
		l.chooseInsert("local_infile is off on the target")
	}
}

// probe finds out, for a table whose columns may differ from the dump's, which text must be converted, and for one with
// text to be converted which column has AUTO_INCREMENT.
func (w *writer) probe(ctx context.Context, t *table) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.probed || !t.kept && !t.adapted && !t.converts() {
		return nil
	}
	rows, err := w.s.QueryContext(ctx, "SELECT column_name, COALESCE(character_set_name,''), data_type, extra FROM information_schema.columns WHERE table_schema="+
		mysql.QuoteString(t.schema)+" AND table_name="+mysql.QuoteString(t.name))
	if err != nil {
		return err
	}
	defer rows.Close()
	type targetColumn struct{ charset, dataType string }
	there := map[string]targetColumn{}
	numbered := ""
	for rows.Next() {
		var name, charset, dataType, extra string
		if err := rows.Scan(&name, &charset, &dataType, &extra); err != nil {
			return err
		}
		if strings.Contains(strings.ToLower(extra), "auto_increment") {
			numbered = strings.ToLower(name)
		}
		there[strings.ToLower(name)] = targetColumn{charset, strings.ToLower(dataType)}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	convert := map[string]string{}
	for _, c := range t.unpack() {
		target, ok := there[strings.ToLower(c.name)]
		if !ok {
			return fmt.Errorf("%w: the table on the target has no column %s", ErrUnsupported, mysql.QuoteName(c.name))
		}
		if strings.ToLower(c.name) == numbered {
			t.numbered = c.name
		}
		from := w.target.Charset(c.charset)
		switch {
		case c.encoding != dump.Bytes || c.charset == "" || c.charset == "binary":
		case target.dataType == "json", target.charset != "" && target.charset != from:
			convert[c.name] = from
		}
	}
	t.convert, t.probed = convert, true
	return nil
}
