package optfile

import (
	"fmt"
	"os"
	"path/filepath"
)

// Where says which files are read. The zero value reads the mysql client's own.
type Where struct {
	DefaultsFile      string // only this one (and the login file)
	DefaultsExtraFile string // after the global files, before the user's
	GroupSuffix       string // also [client-suffix] for [client]; MYSQL_GROUP_SUFFIX when empty
	LoginPath         string // group of the login file; always "client" too
	NoDefaults        bool   // only the login file

	Home   string              // of the user; default os.UserHomeDir
	Global []string            // default /etc/my.cnf, /etc/mysql/my.cnf
	Getenv func(string) string // default os.Getenv
}

// Read returns the options of the groups, those of files that the mysql client reads later behind the others.
func Read(w Where, groups ...string) (*Result, error) {
	if w.Getenv == nil {
		w.Getenv = os.Getenv
	}
	if w.Home == "" {
		w.Home, _ = os.UserHomeDir()
	}
	if w.Global == nil {
		w.Global = []string{"/etc/my.cnf", "/etc/mysql/my.cnf"}
	}
	if w.GroupSuffix == "" {
		w.GroupSuffix = w.Getenv("MYSQL_GROUP_SUFFIX")
	}
	r := &reader{groups: withSuffix(groups, w.GroupSuffix), result: &Result{}}
	if err := r.plainFiles(w); err != nil {
		return nil, err
	}
	return r.result, r.loginFile(w)
}

func withSuffix(groups []string, suffix string) []string {
	all := append([]string{}, groups...)
	if suffix != "" {
		for _, g := range groups {
			all = append(all, g+suffix)
		}
	}
	return all
}

func (r *reader) plainFiles(w Where) error {
	switch {
	case w.DefaultsFile != "":
		return r.file(w.DefaultsFile, true, 0)
	case w.NoDefaults:
		return nil
	}
	files := append([]string{}, w.Global...)
	if home := w.Getenv("MYSQL_HOME"); home != "" {
		files = append(files, filepath.Join(home, "my.cnf"))
	}
	for _, f := range files {
		if err := r.file(f, false, 0); err != nil {
			return err
		}
	}
	if w.DefaultsExtraFile != "" {
		if err := r.file(w.DefaultsExtraFile, true, 0); err != nil {
			return err
		}
	}
	if w.Home == "" {
		return nil
	}
	return r.file(filepath.Join(w.Home, ".my.cnf"), false, 0)
}

// loginFile reads the login file, which the mysql client does even under --defaults-file.
func (r *reader) loginFile(w Where) error {
	path := w.Getenv("MYSQL_TEST_LOGIN_FILE")
	if path == "" {
		if w.Home == "" {
			return nil
		}
		path = filepath.Join(w.Home, ".mylogin.cnf")
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		if w.LoginPath != "" {
			return fmt.Errorf("--login-path %s: there is no login file %s; mysql_config_editor makes it", w.LoginPath, path)
		}
		return nil
	}
	if info.Mode().Perm()&0o077 != 0 {
		r.result.Warnings = append(r.result.Warnings, fmt.Sprintf("login file %s is ignored: others than its owner may use it", path))
		return nil
	}
	return r.login(path, w.LoginPath, w.GroupSuffix)
}
