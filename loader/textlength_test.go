package loader

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

func TestReplaceInvalid(t *testing.T) {
	for _, c := range []struct {
		charset, in, want string
		bytes             int
	}{
		{"utf8mb4", "aé😀", "aé😀", 0}, {"utf8mb4", "a\xed\xa0\x80b", "a???b", 3}, {"utf8mb4", "\xff", "?", 1}, {"utf8mb4", "é\xc3", "é?", 1}, {"utf8mb4", "\ufffd", "\ufffd", 0},
		{"utf8", "a😀b", "a????b", 4}, {"utf8mb3", "é", "é", 0}, {"ascii", "a\x80b", "a?b", 1}, {"latin1", "\x80\xff", "\x80\xff", 0}, {"binary", "\xff", "\xff", 0},
		{"sjis", "\x95\x5c\xb1a", "\x95\x5c\xb1a", 0}, {"sjis", "\x95\x01", "?\x01", 1}, {"sjis", "a\x95", "a?", 1}, {"gbk", "\x81\x5c\x81", "\x81\x5c?", 1}, {"big5", "\xa5\x5c\xff", "\xa5\x5c?", 1},
		{"euckr", "\xb0\xa1\xb0 ", "\xb0\xa1? ", 1}, {"ujis", "\x8e\xb1\x8f\xb0\xa1\xa4\xa2\x8f\xb0", "\x8e\xb1\x8f\xb0\xa1\xa4\xa2??", 2}, {"gb2312", "\xc4\xe3\x81\x40", "\xc4\xe3?@", 1},
		{"gb18030", "\x81\x30\x81\x30\xc4\xe3\x81", "\x81\x30\x81\x30\xc4\xe3?", 1},
		{"utf16", "\x00a\xd8\x3d\xde\x00", "\x00a\xd8\x3d\xde\x00", 0}, {"utf16", "\xd8\x00\x00a\x00", "\x00?\x00a\x00?", 3}, {"utf16le", "a\x00\x00\xdc", "a\x00?\x00", 2},
		{"ucs2", "\x00a\x00", "\x00a\x00?", 1}, {"utf32", "\x00\x01\xf6\x00\x00\x11\x00\x00", "\x00\x01\xf6\x00\x00\x00\x00?", 4},
	} {
		valid := textLength(c.charset)
		if valid == nil {
			if c.bytes > 0 {
				t.Errorf("%s is not known", c.charset)
			}
			continue
		}
		out, n := replaceInvalid([]byte(c.in), valid, charBytes('?', tableColumn{charset: c.charset}))
		if string(out) != c.want || n != c.bytes {
			t.Errorf("%s %q: %q, %d bytes; want %q, %d", c.charset, c.in, out, n, c.want, c.bytes)
		}
	}
}

// Every pair of bytes is valid to gomove where the servers take it, in each charset of more than one byte.
func TestTextLengthOnServer(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		s.Exec(t, "CREATE DATABASE "+schema)
		for _, charset := range []string{"utf8mb4", "utf8", "sjis", "cp932", "ujis", "eucjpms", "gbk", "gb2312", "big5", "euckr", "ascii", "ucs2", "utf16", "utf16le"} {
			t.Run(charset, func(t *testing.T) { comparePairs(t, s, schema, charset) })
		}
		if s.Kind == testdb.MySQL97 {
			t.Run("gb18030", func(t *testing.T) { comparePairs(t, s, schema, "gb18030") })
		}
	})
}

func comparePairs(t *testing.T, s *testdb.Server, schema, charset string) {
	statements := []string{"USE " + schema, "SET SESSION sql_mode=''", "DROP TABLE IF EXISTS p", "CREATE TABLE p (id INT PRIMARY KEY, c VARCHAR(2) CHARACTER SET " + charset + ") ENGINE=MyISAM"}
	for first := range 256 {
		var values []string
		for second := range 256 {
			values = append(values, fmt.Sprintf("(%d,x'%04x')", first<<8|second, first<<8|second))
		}
		statements = append(statements, "INSERT INTO p VALUES "+strings.Join(values, ","))
	}
	s.Exec(t, statements...)
	rows, err := s.DB(t).Query("SELECT id, HEX(c)=LPAD(HEX(id),4,'0') FROM " + schema + ".p ORDER BY id")
	must(t, err)
	defer rows.Close()
	valid := textLength(charset)
	wrong := map[string][]string{}
	for rows.Next() {
		var id int
		var taken bool
		must(t, rows.Scan(&id, &taken))
		text := []byte{byte(id >> 8), byte(id)}
		if taken && (charset == "ascii" || text[0] == 0x8e && text[1] == 0xa0) {
			continue // MySQL 5.6 and MariaDB take any byte as ASCII, MySQL takes this pair as Japanese
		}
		if _, n := replaceInvalid(text, valid, charBytes('?', tableColumn{charset: charset})); (n == 0) != taken {
			wrong[fmt.Sprintf("taken %v, replaced %d", taken, n)] = append(wrong[fmt.Sprintf("taken %v, replaced %d", taken, n)], fmt.Sprintf("%x", text))
		}
	}
	must(t, rows.Err())
	for what, pairs := range wrong {
		t.Errorf("%d pairs %s: %v ... %v", len(pairs), what, pairs[:min(9, len(pairs))], pairs[len(pairs)-1])
	}
}
