package dumper

import (
	"bytes"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
)

// tableMode is what tables and rows are restored under: all values as they are, and errors in place of adaptations.
const tableMode = "NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"

// script is an SQL file for any client. Each sets what it needs, so that files can be run in any session.
type script struct {
	b        bytes.Buffer
	myloader bool // which ends a statement at ";\n" and knows no DELIMITER
	altered  bool // a statement's text had to be changed for myloader
}

func newScript(myloader bool) *script {
	s := &script{myloader: myloader}
	s.session()
	return s
}

// session sets what tables need: names and defaults in UTF-8, TIMESTAMP defaults in UTC.
func (s *script) session() {
	s.line("SET NAMES utf8mb4;")
	s.line("SET FOREIGN_KEY_CHECKS=0;")
	s.line("SET SQL_MODE='" + tableMode + "';")
	s.line("SET TIME_ZONE='+00:00';")
}

func (s *script) line(text string) {
	s.b.WriteString(text)
	s.b.WriteByte('\n')
}

// statement adds one statement that needs no delimiter of its own.
func (s *script) statement(sql []byte) {
	s.b.Write(s.split(sql))
	s.b.WriteString(";\n")
}

// split keeps ";\n" out of a statement for myloader, as mydumper does.
func (s *script) split(sql []byte) []byte {
	if !s.myloader || !bytes.Contains(sql, []byte(";\n")) {
		return sql
	}
	s.altered = true
	return bytes.ReplaceAll(sql, []byte(";\n"), []byte("; \n"))
}

// add adds a stored object with its bytes untouched, under the session that it was created in.
func (s *script) add(o catalog.Stored) {
	if o.DbThen != "" && o.DbThen != o.DbNow {
		s.statement(alterSchema(o.DbName, o.DbThen))
	}
	s.line("SET character_set_client = " + o.Client + ";")
	s.line("SET collation_connection = " + o.Collation + ";")
	if o.HasMode {
		s.line("SET sql_mode = " + mysql.QuoteString(o.Mode) + ";")
	}
	if o.TimeZone != "" {
		s.line("SET time_zone = " + mysql.QuoteString(o.TimeZone) + ";")
	}
	if o.Compound && !s.myloader {
		d := delimiterFor(o.SQL)
		s.line("DELIMITER " + d)
		s.b.Write(o.SQL)
		// On a line of its own: the statement may end in a comment.
		s.line("\n" + d)
		s.line("DELIMITER ;")
	} else {
		s.statement(o.SQL)
	}
	if o.DbThen != "" && o.DbThen != o.DbNow {
		s.line("SET NAMES utf8mb4;")
		s.statement(alterSchema(o.DbName, o.DbNow))
	}
}

// end gives the session back what it had at the start of the file.
func (s *script) end() []byte {
	s.session()
	return s.b.Bytes()
}

func (s *script) bytes() []byte { return s.b.Bytes() }

func alterSchema(name, collation string) []byte {
	return []byte("ALTER DATABASE " + mysql.QuoteName(name) + " CHARACTER SET " + charsetOf(collation) + " COLLATE " + mysql.QuoteName(collation))
}

// charsetOf is the charset of a collation, whose name starts with it.
func charsetOf(collation string) string {
	charset, _, _ := strings.Cut(collation, "_")
	return charset
}

// delimiterFor is a delimiter that does not occur in a statement.
func delimiterFor(sql []byte) string {
	for _, d := range []string{";;", "$$", "//", "||", "~~"} {
		if !bytes.Contains(sql, []byte(d)) {
			return d
		}
	}
	d := "end_of_statement"
	for bytes.Contains(bytes.ToLower(sql), []byte(d)) {
		d += "_"
	}
	return d
}
