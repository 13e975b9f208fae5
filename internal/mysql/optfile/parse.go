// Package optfile reads the option files of the mysql client (my.cnf), its obfuscated login file (.mylogin.cnf),
// and nothing else: it turns files into an ordered list of options, whose meaning is the caller's.
package optfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxDepth bounds !include directives, as the mysql client does.
const maxDepth = 10

// Option is one line of a group. Later ones win over earlier ones.
type Option struct {
	Name     string // lower case, dashes for underscores, without the prefix loose-
	Value    string
	HasValue bool // false for a line without an equals sign
	Loose    bool // had the prefix loose-: unknown ones are to be ignored
	Group    string
	File     string
	Line     int
}

// Result is what the files held for the groups asked for.
type Result struct {
	Options  []Option
	Warnings []string // files that were ignored, and why
}

// Last returns the value of the last option with this name.
func (r *Result) Last(name string) (Option, bool) {
	for _, o := range slices.Backward(r.Options) {
		if o.Name == name {
			return o, true
		}
	}
	return Option{}, false
}

// reader collects the options of its groups from files.
type reader struct {
	groups []string
	result *Result
}

// file reads one file. A missing one is an error only where required says so.
func (r *reader) file(path string, required bool, depth int) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() && info.Mode()&os.ModeNamedPipe == 0 {
		switch {
		case !required && (err == nil || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission)):
			return nil
		case err == nil:
			return fmt.Errorf("option file %s is not a file", path)
		}
		return fmt.Errorf("option file: %w", err)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o002 != 0 {
		r.result.Warnings = append(r.result.Warnings, fmt.Sprintf("option file %s is ignored: everybody may write it", path))
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		if !required && errors.Is(err, os.ErrPermission) {
			return nil
		}
		return fmt.Errorf("option file: %w", err)
	}
	err = r.parse(f, path, depth)
	return errors.Join(err, f.Close())
}

// parse reads the lines of one file; path names it in errors and is what !include is relative to.
func (r *reader) parse(in io.Reader, path string, depth int) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	group, wanted, grouped := "", false, false
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '!':
			if err := r.directive(line, path, n, depth); err != nil {
				return err
			}
		case line[0] == '[':
			name, _, ok := strings.Cut(line[1:], "]")
			if !ok {
				return fmt.Errorf("option file %s line %d: group without ]", path, n)
			}
			group = strings.TrimSpace(name)
			grouped, wanted = true, slices.Contains(r.groups, group)
		case !grouped:
			return fmt.Errorf("option file %s line %d: option before the first [group]", path, n)
		case wanted:
			o := parseOption(line)
			o.File, o.Line, o.Group = path, n, group
			r.result.Options = append(r.result.Options, o)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("option file %s: %w", path, err)
	}
	return nil
}

// directive follows !include FILE and !includedir DIR.
func (r *reader) directive(line, path string, n, depth int) error {
	name, arg, _ := strings.Cut(strings.Replace(line[1:], "\t", " ", 1), " ")
	arg = strings.TrimSpace(arg)
	if arg == "" || name != "include" && name != "includedir" {
		return fmt.Errorf("option file %s line %d: unknown directive !%s", path, n, name)
	}
	if depth >= maxDepth {
		return nil // the mysql client stops here too
	}
	if !filepath.IsAbs(arg) {
		arg = filepath.Join(filepath.Dir(path), arg)
	}
	files := []string{arg}
	if name == "includedir" {
		entries, err := os.ReadDir(arg)
		if err != nil {
			return fmt.Errorf("option file %s line %d: %w", path, n, err)
		}
		files = files[:0]
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".cnf") {
				files = append(files, filepath.Join(arg, e.Name()))
			}
		}
	}
	for _, f := range files {
		if err := r.file(f, name == "include", depth+1); err != nil {
			return fmt.Errorf("option file %s line %d: %w", path, n, err)
		}
	}
	return nil
}

func parseOption(line string) Option {
	name, value, has := strings.Cut(line, "=")
	o := Option{HasValue: has}
	if !has {
		name = stripComment(name)
	}
	o.Name = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), "_", "-"))
	o.Name, o.Loose = strings.CutPrefix(o.Name, "loose-")
	if has {
		o.Value = parseValue(value)
	}
	return o
}

// parseValue takes a comment, quotes and escapes off a value. Like the mysql client it unescapes with quotes and without.
func parseValue(s string) string {
	s = strings.TrimSpace(stripComment(s))
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'b':
			b.WriteByte('\b')
		case 's':
			b.WriteByte(' ')
		case '"', '\'', '\\':
			b.WriteByte(s[i])
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// stripComment cuts a # comment that stands outside of quotes.
func stripComment(s string) string {
	var quote byte
	escaped := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case (c == '\'' || c == '"') && !escaped:
			switch quote {
			case 0:
				quote = c
			case c:
				quote = 0
			}
		case c == '#' && quote == 0:
			return s[:i]
		}
		escaped = quote != 0 && c == '\\' && !escaped
	}
	return s
}
