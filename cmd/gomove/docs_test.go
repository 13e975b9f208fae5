package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// repository is the folder of the project, seen from this package.
const repository = "../.."

// filesBelow reads the files of the project whose name matches.
func filesBelow(t *testing.T, root, pattern string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && path != root && strings.HasPrefix(e.Name(), ".") {
			return filepath.SkipDir
		}
		if ok, err := filepath.Match(pattern, e.Name()); err != nil || !ok || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		out[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestDocsNameTests holds every test and case that the documentation names against the tests that there are.
func TestDocsNameTests(t *testing.T) {
	functions, words := map[string]bool{}, map[string]bool{}
	function, word := regexp.MustCompile(`(?m)^func (Test\w+|Benchmark\w+|Fuzz\w+)\(`), regexp.MustCompile(`\w+`)
	for path, text := range filesBelow(t, repository, "*_test.go") {
		for _, m := range function.FindAllStringSubmatch(text, -1) {
			functions[m[1]] = true
		}
		if strings.HasPrefix(path, filepath.Join(repository, "cmd", "gomove")) {
			for _, w := range word.FindAllString(text, -1) {
				words[w] = true
			}
		}
	}
	named := regexp.MustCompile(`\b(?:func )?(?:Test|Benchmark|Fuzz)[A-Z]\w*`) // "func TestX" is an example of how to write one
	found := 0
	for path, text := range filesBelow(t, repository, "*.md") {
		for _, name := range named.FindAllString(text, -1) {
			if found++; !functions[name] && !strings.HasPrefix(name, "func ") {
				t.Errorf("%s names %s: there is no such test", path, name)
			}
		}
	}
	cases := exactnessCases(t)
	for _, c := range cases {
		if !namesCase(words, c) {
			t.Errorf("docs/exactness.md names the case %s: there is none in cmd/gomove", c)
		}
	}
	if found < 20 || len(cases) < 60 {
		t.Errorf("%d tests and %d cases are named: this test does not find them", found, len(cases))
	}
}

// exactnessCases lists the cases in the last column of the tables of docs/exactness.md.
func exactnessCases(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "docs", "exactness.md"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	list := regexp.MustCompile(`\(([^()]*)\)`)
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.HasPrefix(cells[3], " test ") {
			continue
		}
		for _, m := range list.FindAllStringSubmatch(cells[3], -1) {
			for c := range strings.SplitSeq(m[1], ",") {
				out = append(out, strings.TrimSpace(strings.ReplaceAll(c, `\`, "")))
			}
		}
	}
	return out
}

// namesCase reports whether a word of the tests is the case; a case that ends in * is the head of one.
func namesCase(words map[string]bool, c string) bool {
	head, isHead := strings.CutSuffix(c, "*")
	if !isHead {
		return words[c]
	}
	for w := range words {
		if strings.HasPrefix(w, head) && w != head {
			return true
		}
	}
	return false
}
