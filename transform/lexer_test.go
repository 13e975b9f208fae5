package transform

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kinds prints tokens as "kind:text" with white space left out.
func kinds(tokens []Token) string {
	names := map[TokenKind]string{
		Comment: "C", Word: "W", QuotedName: "Q", String: "S", Number: "N", Variable: "V", Punct: "P",
		VersionedOpen: "O", VersionedClose: "E",
	}
	var out []string
	for _, t := range tokens {
		if t.Kind != Space {
			out = append(out, names[t.Kind]+":"+string(t.Text))
		}
	}
	return strings.Join(out, " ")
}

func TestLex(t *testing.T) {
	ansi := Mode{ANSIQuotes: true}
	noBackslash := Mode{NoBackslashEscapes: true}
	tests := []struct {
		name, in string
		mode     Mode
		want     string
	}{
		{"empty", "", Mode{}, ""},
		{"words", "CREATE table_1 $a é", Mode{}, "W:CREATE W:table_1 W:$a W:é"},
		{"quotes", "'a''b' \"c\"\"d\" `e``f`", Mode{}, "S:'a''b' S:\"c\"\"d\" Q:`e``f`"},
		{"backslash", `'a\'b' "\\" x`, Mode{}, `S:'a\'b' S:"\\" W:x`},
		{"backslash in name", "`a\\` x", Mode{}, "Q:`a\\` W:x"},
		{"ansi quotes", `"a\" 'b\''`, ansi, `Q:"a\" S:'b\''`},
		{"no backslash escapes", `'a\' x "b\"`, noBackslash, `S:'a\' W:x S:"b\"`},
		{"dash comment", "a -- b\nc--d --\te\nf --", Mode{}, "W:a C:-- b W:c P:- P:- W:d C:--\te W:f C:--"},
		{"hash comment", "a # 'b\nc", Mode{}, "W:a C:# 'b W:c"},
		{"block comment", "a/* 'b */c/**/d", Mode{}, "W:a C:/* 'b */ W:c C:/**/ W:d"},
		{"slash star slash", "/*/ a */b", Mode{}, "C:/*/ a */ W:b"},
		{"versioned", "/*!50003 a*/ /*! b*/ /*M!100301 c*/ /*M! d*/", Mode{},
			"O:/*!50003 W:a E:*/ O:/*! W:b E:*/ O:/*M!100301 W:c E:*/ O:/*M! W:d E:*/"},
		{"versioned with few digits", "/*!123 a*/", Mode{}, "O:/*! N:123 W:a E:*/"},
		{"versioned with many digits", "/*!1003011 a*/", Mode{}, "O:/*!100301 N:1 W:a E:*/"},
		{"comment in versioned", "/*!50003 a /* b */ c */ d", Mode{}, "O:/*!50003 W:a C:/* b */ W:c E:*/ W:d"},
		{"nested versioned", "/*!50003 a /*!50001 b */ c */ d */", Mode{},
			"O:/*!50003 W:a O:/*!50001 W:b E:*/ W:c E:*/ W:d P:* P:/"},
		{"string in versioned", "/*!50003 '*/' */", Mode{}, "O:/*!50003 S:'*/' E:*/"},
		{"numbers", "1 1.5 .5 1. 1e5 1.5e-3 1e+5 0x1f 0b01 x'1f' B'01'", Mode{},
			"N:1 N:1.5 N:.5 N:1. N:1e5 N:1.5e-3 N:1e+5 N:0x1f N:0b01 N:x'1f' N:B'01'"},
		{"names that look like numbers", "1a 1ea 0xg 0x1g 0X1f t.1e5 t.0x1f", Mode{},
			"W:1a W:1ea W:0xg W:0x1g W:0X1f W:t P:. W:1e5 W:t P:. W:0x1f"},
		{"minus number", "1-1", Mode{}, "N:1 P:- N:1"},
		{"national", "N'a' n'b' N", Mode{}, "S:N'a' S:n'b' W:N"},
		{"introducer", "_utf8mb4'a' _latin1 x'e9'", Mode{}, "W:_utf8mb4 S:'a' W:_latin1 N:x'e9'"},
		{"variables", "@a @`b c` @'d' @@e @@global.f @@session.`g`.h @i.j:=1 @", Mode{},
			"V:@a V:@`b c` V:@'d' V:@@e V:@@global.f V:@@session.`g`.h V:@i.j P:: P:= N:1 P:@"},
		{"account", "`u`@`h`=root@localhost", Mode{}, "Q:`u` V:@`h` P:= W:root V:@localhost"},
		{"qualified", "`a`.`b`.c a.b.*", Mode{}, "Q:`a` P:. Q:`b` P:. W:c W:a P:. W:b P:. P:*"},
		{"sjis trail byte", "'\x83\x5c' a", Mode{Charset: "sjis"}, "S:'\x83\x5c' W:a"},
		{"sjis bytes in latin1", "'\x83\x5c' a", Mode{Charset: "latin1"}, "S:'\x83\x5c' a"},
		{"gbk name", "`\x81\x60` a", Mode{Charset: "GBK"}, "Q:`\x81\x60` W:a"},
		{"gbk word", "\x81\x40a b", Mode{Charset: "gbk"}, "W:\x81\x40a W:b"},
		{"gbk lead before quote", "'\x81' a", Mode{Charset: "gbk"}, "S:'\x81' W:a"},
		{"gb18030 four bytes", "'\x81\x30\x81\x30\x81\x5c' a", Mode{Charset: "gb18030"}, "S:'\x81\x30\x81\x30\x81\x5c' W:a"},
		{"big5", "'\xa4\x5c' a", Mode{Charset: "big5"}, "S:'\xa4\x5c' W:a"},
		{"escape eats one byte", "'\\\x81\x5c' a'", Mode{Charset: "gbk"}, "S:'\\\x81\x5c' a'"},
		{"unterminated", "a 'b", Mode{}, "W:a S:'b"},
		{"unterminated escape", "'b\\", Mode{}, "S:'b\\"},
		{"unterminated comment", "a /* b", Mode{}, "W:a C:/* b"},
		{"dollar quoted", "LANGUAGE JAVASCRIPT AS $x$ it's $x$ z", Mode{}, "W:LANGUAGE W:JAVASCRIPT W:AS S:$x$ it's $x$ W:z"},
		{"dollar names", "SELECT $$, $$", Mode{}, "W:SELECT W:$$ P:, W:$$"},
		{"closing without opening", "a */ b", Mode{}, "W:a P:* P:/ W:b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tokens := Lex([]byte(tt.in), tt.mode)
			if diff := cmp.Diff(tt.want, kinds(tokens)); diff != "" {
				t.Error(diff)
			}
			if got := string(Join(tokens)); got != tt.in {
				t.Errorf("joined: %q, want %q", got, tt.in)
			}
		})
	}
}

func TestLexerDoesNotAllocate(t *testing.T) {
	stmt := []byte("INSERT INTO `t` VALUES " + strings.Repeat("(1,'a\\'b',0x00,NULL,1.5e3),", 1000) + "(1,'',0,0,0)")
	m := Mode{Charset: "gbk"}
	n := testing.AllocsPerRun(10, func() {
		l := NewLexer(stmt, m)
		for _, ok := l.Next(); ok; _, ok = l.Next() {
		}
	})
	if n > 1 {
		t.Errorf("%v allocations, want at most 1", n)
	}
}

func TestUnquote(t *testing.T) {
	tests := []struct {
		in   string
		mode Mode
		want string
	}{
		{"a", Mode{}, "a"},
		{"`a``b`", Mode{}, "a`b"},
		{`'a''b\n\\\%\q\0'`, Mode{}, "a'b\n\\\\%q\x00"},
		{`'a\n'`, Mode{NoBackslashEscapes: true}, `a\n`},
		{`"a""b\n"`, Mode{ANSIQuotes: true}, `a"b\n`},
		{"N'x'", Mode{}, "x"},
		{"'\x83\x5c'", Mode{Charset: "sjis"}, "\x83\x5c"},
	}
	for _, tt := range tests {
		if got := Lex([]byte(tt.in), tt.mode)[0].Unquote(tt.mode); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzLexJoin(f *testing.F) {
	for _, s := range []string{
		"", "SELECT 'a\\'b', \"c\", `d` -- x\n, 0x1f, @`v`", "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/",
		"'\x83\x5c'", "@", "@@", "@@a.`", "1e", "0x", "/*!", "/*M!1", "AS $$", "t.1e5", "`", "\\",
	} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(0xff))
	}
	f.Fuzz(func(t *testing.T, in []byte, bits uint8) {
		m := fuzzMode(bits)
		tokens := Lex(in, m)
		if got := Join(tokens); !bytes.Equal(got, in) {
			t.Fatalf("joined: %q, want %q", got, in)
		}
		for _, tok := range tokens {
			if len(tok.Text) == 0 {
				t.Fatalf("empty token in %q", in)
			}
			tok.Unquote(m)
		}
	})
}

// fuzzMode makes a mode of some bits.
func fuzzMode(bits uint8) Mode {
	charsets := []string{"utf8mb4", "sjis", "gbk", "big5", "gb18030", "latin1", "cp932", ""}
	return Mode{Charset: charsets[bits&7], ANSIQuotes: bits&8 != 0, NoBackslashEscapes: bits&16 != 0}
}

func BenchmarkLexer(b *testing.B) {
	stmt := []byte("INSERT INTO `t` VALUES " + strings.Repeat("(1,'some text of thirty characters',0x00,NULL,1.5e3),", 20000) + "(1,'',0,0,0)")
	b.SetBytes(int64(len(stmt)))
	for b.Loop() {
		l := NewLexer(stmt, Mode{})
		for _, ok := l.Next(); ok; _, ok = l.Next() {
		}
	}
}
