package optfile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `# comment
[client]
user=app
password="a b#c"   # trailing
 host  =  db.example
port=3307
socket='/tmp/my sock'
loose-ssl-mode=REQUIRED
compress
init-command=a\sb\tc\qd\\e
default_character_set=x
pw2='a\'b'
pw3=a"b#c"d
pw4="unclosed
pw5=x#y
empty=
; other comment
  [mysqldump]
nope=1
[client_prod]
user=prod
[client]
user=late
`

func write(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines writes options as my_print_defaults does.
func lines(r *Result) []string {
	var out []string
	for _, o := range r.Options {
		line := "--" + o.Name
		if o.Loose {
			line = "--loose-" + o.Name
		}
		if o.HasValue {
			line += "=" + o.Value
		}
		out = append(out, line)
	}
	return out
}

// nowhere reads no file but those that a test names.
func nowhere(t *testing.T) Where {
	return Where{Home: t.TempDir(), Global: []string{}, Getenv: func(string) string { return "" }}
}

func TestValues(t *testing.T) {
	w := nowhere(t)
	w.DefaultsFile = write(t, filepath.Join(t.TempDir(), "my.cnf"), sample, 0o600)
	r, err := Read(w, "client")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"--user=app", "--password=a b#c", "--host=db.example", "--port=3307", "--socket=/tmp/my sock", "--loose-ssl-mode=REQUIRED", "--compress",
		"--init-command=a b\tc\\qd\\e", "--default-character-set=x", "--pw2=a'b", `--pw3=a"b#c"d`, `--pw4="unclosed`, "--pw5=x", "--empty=", "--user=late",
	}
	if d := cmp.Diff(want, lines(r)); d != "" {
		t.Error(d)
	}
	if o, ok := r.Last("user"); !ok || o.Value != "late" || o.Line != 23 || o.Group != "client" {
		t.Errorf("last user %+v", o)
	}
	w.GroupSuffix = "_prod"
	if r, err = Read(w, "client"); err != nil || !strings.Contains(strings.Join(lines(r), " "), "--user=prod --user=late") {
		t.Errorf("with suffix: %v, %v", lines(r), err)
	}
}

// TestSameAsServerTools compares with the program that prints what every MySQL client reads.
func TestSameAsServerTools(t *testing.T) {
	tool, err := exec.LookPath("my_print_defaults")
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: my_print_defaults is not installed")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "inc.cnf"), "[client]\nincluded=1\n", 0o600)
	write(t, filepath.Join(dir, "d", "b.cnf"), "[client]\nb=2\n[other]\nx=1\n", 0o600)
	write(t, filepath.Join(dir, "d", "a.cnf"), "[client]\na=1\n", 0o600)
	write(t, filepath.Join(dir, "d", "c.txt"), "[client]\nc=1\n", 0o600)
	main := write(t, filepath.Join(dir, "my.cnf"), sample+"!include "+filepath.Join(dir, "inc.cnf")+"\nafter=1\n!includedir "+filepath.Join(dir, "d")+"\n", 0o600)
	out, err := exec.CommandContext(t.Context(), tool, "--defaults-file="+main, "client").Output()
	if err != nil {
		t.Fatal(err)
	}
	w := nowhere(t)
	w.DefaultsFile = main
	r, err := Read(w, "client")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], "default_character_set", "default-character-set")
	}
	if d := cmp.Diff(want, lines(r)); d != "" {
		t.Error(d)
	}
}

func TestOrderOfFiles(t *testing.T) {
	dir := t.TempDir()
	w := Where{Home: filepath.Join(dir, "home"), Global: []string{filepath.Join(dir, "etc.cnf"), filepath.Join(dir, "none.cnf")}}
	env := map[string]string{"MYSQL_HOME": filepath.Join(dir, "mysqlhome")}
	w.Getenv = func(n string) string { return env[n] }
	write(t, w.Global[0], "[client]\nv=etc\n", 0o644)
	write(t, filepath.Join(dir, "mysqlhome", "my.cnf"), "[client]\nv=mysqlhome\n", 0o644)
	extra := write(t, filepath.Join(dir, "extra.cnf"), "[gomove]\nv=extra\n", 0o644)
	write(t, filepath.Join(dir, "home", ".my.cnf"), "[client]\nv=home\n", 0o600)
	login, err := os.ReadFile("testdata/mylogin.cnf")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "home", ".mylogin.cnf"), string(login), 0o600)
	read := func(w Where) string {
		t.Helper()
		r, err := Read(w, "client", "gomove")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines(r), " ")
	}
	const own = ` --user=app --password=s3c"ret#x --host=login.example --port=3307`
	if got := read(w); got != "--v=etc --v=mysqlhome --v=home"+own {
		t.Errorf("default files: %s", got)
	}
	w.DefaultsExtraFile = extra
	if got := read(w); got != "--v=etc --v=mysqlhome --v=extra --v=home"+own {
		t.Errorf("extra file: %s", got)
	}
	w.LoginPath = "prod"
	if got := read(w); !strings.HasSuffix(got, own+" --user=root --password=a'b\n c --host=prod.example --socket=/run/m.sock") {
		t.Errorf("login path: %q", got)
	}
	w.LoginPath, w.DefaultsFile = "", extra
	if got := read(w); got != "--v=extra"+own {
		t.Errorf("defaults file: %s", got)
	}
	w.DefaultsFile, w.NoDefaults = "", true
	if got := read(w); got != strings.TrimSpace(own) {
		t.Errorf("no defaults: %s", got)
	}
}

func TestUntrustedFiles(t *testing.T) {
	w := nowhere(t)
	w.DefaultsFile = write(t, filepath.Join(t.TempDir(), "my.cnf"), "[client]\nuser=evil\n", 0o666)
	r, err := Read(w, "client")
	if err != nil || len(r.Options) != 0 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "everybody may write") {
		t.Errorf("world-writable: %+v, %v", r, err)
	}
	login, err := os.ReadFile("testdata/mylogin.cnf")
	if err != nil {
		t.Fatal(err)
	}
	w = nowhere(t)
	write(t, filepath.Join(w.Home, ".mylogin.cnf"), string(login), 0o644)
	if r, err = Read(w, "client"); err != nil || len(r.Options) != 0 || len(r.Warnings) != 1 {
		t.Errorf("login file that all may read: %+v, %v", r, err)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop.cnf")
	write(t, loop, "[client]\nuser=a\n!include "+loop+"\n", 0o600)
	cases := []struct {
		name string
		file string
		want string
	}{
		{"missing", filepath.Join(dir, "none.cnf"), "no such file"},
		{"a directory", dir, "is not a file"},
		{"no group", write(t, filepath.Join(dir, "a.cnf"), "user=x\n", 0o600), "line 1: option before the first [group]"},
		{"open group", write(t, filepath.Join(dir, "b.cnf"), "\n[client\n", 0o600), "line 2: group without ]"},
		{"directive", write(t, filepath.Join(dir, "c.cnf"), "!frobnicate x\n", 0o600), "unknown directive !frobnicate"},
		{"missing include", write(t, filepath.Join(dir, "d.cnf"), "!include none.cnf\n", 0o600), "none.cnf"},
		{"loop", loop, ""},
	}
	for _, c := range cases {
		w := nowhere(t)
		w.DefaultsFile = c.file
		_, err := Read(w, "client")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	w := nowhere(t)
	w.LoginPath = "prod"
	if _, err := Read(w, "client"); err == nil || !strings.Contains(err.Error(), "no login file") {
		t.Errorf("no login file: %v", err)
	}
	login, err := os.ReadFile("testdata/mylogin.cnf")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(w.Home, ".mylogin.cnf"), string(login), 0o600)
	w.LoginPath = "nope"
	if _, err := Read(w, "client"); err == nil || !strings.Contains(err.Error(), "no login path nope") {
		t.Errorf("no login path: %v", err)
	}
	for n := range login {
		if text, err := decodeLogin(login[:n]); err == nil && !strings.HasSuffix(string(text), "\n") && len(text) > 0 {
			t.Errorf("login file cut at %d: %q", n, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("[client]\npassword='\\")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "!") {
			return // would read files
		}
		r := &reader{groups: []string{"client"}, result: &Result{}}
		if err := r.parse(strings.NewReader(text), "fuzz", 0); err != nil {
			return
		}
		for _, o := range r.result.Options {
			if o.Line < 1 || !o.HasValue && o.Value != "" {
				t.Errorf("%+v", o)
			}
		}
	})
}

func FuzzDecodeLogin(f *testing.F) {
	if login, err := os.ReadFile("testdata/mylogin.cnf"); err == nil {
		f.Add(login)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if text, err := decodeLogin(data); err == nil && len(text) > len(data) {
			t.Errorf("%d bytes from %d", len(text), len(data))
		}
	})
}
