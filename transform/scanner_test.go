package transform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// statements reads a whole script; each statement is "line:text".
func statements(t *testing.T, r io.Reader, m Mode, maxBytes int) ([]string, error) {
	t.Helper()
	s := NewScanner(r, m, maxBytes)
	var out []string
	for {
		st, err := s.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, fmt.Sprintf("%d:%s", st.Line, st.Text))
	}
}

func TestScanner(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"space and comments", " \n-- a;\n# b;\n/* c; */;;\n--x;\n", nil},
		{"two", "SELECT 1;\nSELECT 2 ;\n", []string{"1:SELECT 1", "2:SELECT 2"}},
		{"one line", "a;b;c", []string{"1:a", "1:b", "1:c"}},
		{"line of the first token", "\n\n-- x\n a\n b;\n/* y\n*/ c;", []string{"4:a\n b", "7:c"}},
		{"quotes", "a ';' \";\" `;` '\\';' ''';';b", []string{"1:a ';' \";\" `;` '\\';' ''';'", "1:b"}},
		{"backslash in name", "a `\\`;b", []string{"1:a `\\`", "1:b"}},
		{"comments within", "a -- ;\n# ;\n/* ;' */ b;c", []string{"1:a -- ;\n# ;\n/* ;' */ b", "3:c"}},
		{"double minus", "a--1;b;", []string{"1:a--1", "1:b"}},
		{"versioned", "/*!40101 SET a = 1 */;\n/*!50003 b ';' */;", []string{"1:/*!40101 SET a = 1 */", "2:/*!50003 b ';' */"}},
		{"empty versioned", "/*!40101 */;a;", []string{"1:a"}},
		{"sandbox line", "/*!999999\\- enable the sandbox mode */ \n-- MariaDB\n/*!40101 a */;", []string{"3:/*!40101 a */"}},
		{"delimiter", "DELIMITER ;;\na; b;;\n c ;;\ndelimiter ;\nd;", []string{"2:a; b", "3:c", "5:d"}},
		{"delimiter with dollars", "delimiter $$\na;$$\nDelimiter ;\nb;", []string{"2:a;", "4:b"}},
		{"quoted delimiter", "DELIMITER '//' x\na;//", []string{"2:a;"}},
		{"crlf", "DELIMITER //\r\na;\r\n//\r\nDELIMITER ;\r\nb;\r\n", []string{"2:a;", "5:b"}},
		{"delimiter after a statement without one", "DELIMITER $$\na\nDELIMITER ;\nb;", []string{"2:a", "4:b"}},
		{"column called delimiter", "CREATE TABLE t (\ndelimiter int,\ndelimiter_2 int);", []string{"1:CREATE TABLE t (\ndelimiter int,\ndelimiter_2 int)"}},
		{"delimiter in string", "a '\nDELIMITER $$\n';b;", []string{"1:a '\nDELIMITER $$\n'", "3:b"}},
		{"delimiter in comment", "a /*\nDELIMITER $$\n*/;b;", []string{"1:a /*\nDELIMITER $$\n*/", "3:b"}},
		{"byte order mark", "\xef\xbb\xbfa;", []string{"1:a"}},
		{"trigger of mysqldump", "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN\nSET @a=1; -- ;;\nEND */;;\nDELIMITER ;\n",
			[]string{"2:/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN\nSET @a=1; -- ;;\nEND */"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, r := range map[string]io.Reader{
				"whole": strings.NewReader(tt.in), "bytewise": iotest.OneByteReader(strings.NewReader(tt.in)),
			} {
				got, err := statements(t, r, Mode{}, 0)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
		})
	}
}

// TestScannerByLine ends statements where myloader does, whatever the buffer holds of them.
func TestScannerByLine(t *testing.T) {
	const script = "SET NAMES utf8mb4;\n\nCREATE PROCEDURE p()\nBEGIN\n  SET a=1; \n  SELECT '; \n';SELECT 2; \nEND;\nDO 1;"
	for _, r := range []io.Reader{strings.NewReader(script), iotest.OneByteReader(strings.NewReader(script))} {
		scan := NewScanner(r, Mode{Charset: "utf8mb4"}, 0)
		scan.ByLine()
		var got []string
		for {
			st, err := scan.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || st.Unterminated {
				t.Fatal(err, st.Unterminated)
			}
			got = append(got, fmt.Sprintf("%d: %s", st.Line, st.Text))
		}
		want := []string{"1: SET NAMES utf8mb4", "3: CREATE PROCEDURE p()\nBEGIN\n  SET a=1; \n  SELECT '; \n';SELECT 2; \nEND", "9: DO 1"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	scan := NewScanner(strings.NewReader("DO 1;\nCREATE"), Mode{}, 0)
	scan.ByLine()
	_, _ = scan.Next()
	if st, err := scan.Next(); err != nil || !st.Unterminated {
		t.Errorf("a statement without its end: %v, unterminated %v", err, st.Unterminated)
	}
}

func TestScannerErrors(t *testing.T) {
	tests := []struct {
		name, in string
		maxBytes int
		want     error
		text     string
	}{
		{"too long", "a;\n" + strings.Repeat("b", 2000) + ";", 1000, ErrStatementTooLong, "script line 2: statement too long: more than 1000 bytes"},
		{"a little too long", strings.Repeat("b", 1001) + ";", 1000, ErrStatementTooLong, "script line 1: statement too long: more than 1000 bytes"},
		{"not too long", strings.Repeat("b", 1000) + ";", 1000, nil, ""},
		{"long comments", "/*" + strings.Repeat("b", 5000) + "*/ a;\n--" + strings.Repeat("c", 5000), 1000, nil, ""},
		{"many statements", strings.Repeat("aaaaaaaaaa;\n", 1000), 10, nil, ""},
		{"quotes", "a;\n'b", 0, ErrUnterminated, "script line 2: script ends within quotes or a comment"},
		{"escape", "'b\\", 0, ErrUnterminated, "script line 1: script ends within quotes or a comment"},
		{"comment", "a /* b *", 0, ErrUnterminated, "script line 1: script ends within quotes or a comment"},
		{"delimiter", "\nDELIMITER \\\n", 0, nil, "script line 2: DELIMITER needs a delimiter without a backslash"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
				_, err := statements(t, r, Mode{}, tt.maxBytes)
				if !errors.Is(err, tt.want) && tt.want != nil || fmt.Sprint(err) != tt.text && !(err == nil && tt.text == "") {
					t.Errorf("got %v, want %v %q", err, tt.want, tt.text)
				}
			}
		})
	}
	boom := errors.New("boom")
	if _, err := statements(t, iotest.ErrReader(boom), Mode{}, 0); !errors.Is(err, boom) {
		t.Errorf("got %v, want boom", err)
	}
}

func TestScannerPlaces(t *testing.T) {
	in := "-- x\na 'é';\n  b;; c"
	s := NewScanner(strings.NewReader(in), Mode{}, 0)
	var got []string
	for {
		st, err := s.Next()
		if err != nil {
			break
		}
		got = append(got, fmt.Sprintf("%d-%d %q %v", st.Offset, st.End, in[st.Offset:st.End], st.Unterminated))
	}
	want := []string{`5-12 "a 'é';" false`, `15-17 "b;" false`, `19-20 "c" true`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestScannerModes(t *testing.T) {
	tests := []struct {
		name, in string
		want     []Mode // of the statements that start with SELECT
	}{
		{"names", "SELECT; SET NAMES gbk; SELECT '\x81\x5c'; SET NAMES 'sjis' COLLATE sjis_bin; SELECT '\x81\x5c';",
			[]Mode{{}, {Charset: "gbk"}, {Charset: "sjis"}}},
		{"sql_mode", "SET sql_mode='ANSI_QUOTES,STRICT_ALL_TABLES'; SELECT \"\\\"; SET @@session.sql_mode := NO_BACKSLASH_ESCAPES; SELECT '\\'; SET SESSION sql_mode=DEFAULT; SELECT '\\'';",
			[]Mode{{ANSIQuotes: true}, {NoBackslashEscapes: true}, {}}},
		{"global is another", "SET GLOBAL sql_mode='ANSI'; SET @@global.sql_mode='ANSI'; SELECT;", []Mode{{}}},
		{"number", "SET sql_mode=1048580; SELECT;", []Mode{{ANSIQuotes: true, NoBackslashEscapes: true}}},
		{"several in one", "/*!40101 SET @a=@@SQL_MODE, SQL_MODE='ANSI', character_set_client=big5 */; SELECT; SET x=IF(1,2,3), sql_mode=@A; SELECT;",
			[]Mode{{Charset: "big5", ANSIQuotes: true}, {Charset: "big5"}}},
		{"concat", "SET sql_mode=CONCAT(@@sql_mode, ',ANSI_QUOTES'); SELECT;", []Mode{{ANSIQuotes: true}}},
		{"unknown stays", "SET sql_mode='ANSI'; SET sql_mode=(SELECT f()); SELECT;", []Mode{{ANSIQuotes: true}}},
		{"unknown variable", "SET NAMES gbk; SET character_set_client=@unknown; SELECT;", []Mode{{Charset: "gbk"}}},
		{"mysqldump", `/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
SELECT 1;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET character_set_client  = cp932 */ ;
/*!50003 SET sql_mode              = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES' */ ;
DELIMITER ;;
SELECT 2;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
SELECT 3;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
SELECT 4;`,
			[]Mode{{Charset: "utf8mb4"}, {Charset: "cp932", ANSIQuotes: true, NoBackslashEscapes: true}, {Charset: "utf8mb4"}, {}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := NewScanner(strings.NewReader(tt.in), Mode{}, 0)
			var got []Mode
			for {
				st, err := s.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if bytes.HasPrefix(st.Text, []byte("SELECT")) {
					got = append(got, s.Mode())
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestScannerMemory reads a script that is far larger than what may be held.
func TestScannerMemory(t *testing.T) {
	line := []byte("INSERT INTO `t` VALUES (1,'" + strings.Repeat("a;\\'", 1000) + "');\n")
	r := io.LimitReader(&repeat{text: line}, 64<<20)
	s := NewScanner(r, Mode{}, 1<<20)
	n := 0
	for {
		st, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, ErrUnterminated) {
			t.Fatal(err)
		}
		if err != nil {
			break
		}
		if n++; st.Line != n {
			t.Fatalf("line %d, want %d", st.Line, n)
		}
	}
	if n < 16000 || cap(s.buf) > 1<<20 {
		t.Errorf("%d statements in a buffer of %d bytes", n, cap(s.buf))
	}
}

// repeat reads the same text again and again.
type repeat struct {
	text []byte
	pos  int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.pos:])
	r.pos = (r.pos + n) % len(r.text)
	return n, nil
}

func FuzzScanner(f *testing.F) {
	for _, s := range []string{
		"SELECT 1; SELECT 'a;b';\n-- x\n", "DELIMITER $$\na;$$\nDELIMITER ;\nb", "/*!50003 a */; /* b */ c;", "'\\", "a\ndelimiter",
		"SET NAMES gbk; '\x81\x5c';", "delimiter '\na'", "\xef\xbb\xbf--", "a`b;`;\"c", "/*!999999\\- x */ y;",
	} {
		f.Add([]byte(s), uint8(0), uint8(1))
	}
	f.Fuzz(func(t *testing.T, in []byte, bits, step uint8) {
		whole, err := scanTokens(t, bytes.NewReader(in), in, fuzzMode(bits))
		parts, err2 := scanTokens(t, &stepReader{in, int(step)%7 + 1}, in, fuzzMode(bits))
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("in parts: %v, whole: %v", err2, err)
		}
		if !bytes.Equal(whole, parts) {
			t.Fatalf("in parts: %q, whole: %q", parts, whole)
		}
		if bytes.Contains(bytes.ToLower(in), []byte("delimiter")) || err != nil ||
			bytes.ContainsAny(in, "#*") || bytes.Contains(in, []byte("--")) {
			return // what is passed over is more than white space
		}
		want, _ := bytes.CutPrefix(in, []byte("\xef\xbb\xbf"))
		if got, want := strip(whole), strip(want); !bytes.Equal(got, want) {
			t.Fatalf("statements: %q, script: %q", got, want)
		}
	})
}

// strip leaves out delimiters and white space.
func strip(b []byte) []byte {
	var out []byte
	for _, c := range b {
		if c != ';' && class[c] != classSpace {
			out = append(out, c)
		}
	}
	return out
}

// scanTokens joins the statements and checks their places.
func scanTokens(t *testing.T, r io.Reader, in []byte, m Mode) ([]byte, error) {
	s := NewScanner(r, m, 1<<20)
	var out []byte
	end := int64(0)
	for {
		st, err := s.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if st.Offset < end || !bytes.HasPrefix(in[st.Offset:st.End], st.Text) {
			t.Fatalf("statement %q said to be at %d to %d", st.Text, st.Offset, st.End)
		}
		if line := 1 + bytes.Count(in[:st.Offset], []byte{'\n'}); line != st.Line {
			t.Fatalf("statement %q said to be on line %d, is on %d", st.Text, st.Line, line)
		}
		end = st.End
		out = append(append(out, st.Text...), '\n')
	}
}

// stepReader reads a few bytes at a time.
type stepReader struct {
	in   []byte
	step int
}

func (r *stepReader) Read(p []byte) (int, error) {
	if len(r.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.in[:min(r.step, len(r.in))])
	r.in = r.in[n:]
	return n, nil
}

func BenchmarkScanner(b *testing.B) {
	row := "(123456,'some text of thirty characters',0x00,NULL,1.5e3,'it\\'s',-1),"
	stmt := "INSERT INTO `t` VALUES " + strings.Repeat(row, 15000) + "(1,'',0,0,0,'',0);\n"
	for _, charset := range []string{"utf8mb4", "gbk"} {
		b.Run(charset, func(b *testing.B) {
			b.SetBytes(64 << 20)
			for b.Loop() {
				s := NewScanner(io.LimitReader(&repeat{text: []byte(stmt)}, 64<<20), Mode{Charset: charset}, 0)
				for {
					if _, err := s.Next(); err != nil {
						break
					}
				}
			}
		})
	}
}
