package loader

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// sameOnTarget refuses a statement that says something else to the target than to gomove: its head would be another one
// without what stands in versioned comments that the target passes over.
func (l *load) sameOnTarget(st *statement) error {
	if !bytes.Contains(st.text, []byte("/*")) {
		return nil
	}
	tokens := transform.Lex(st.text, st.mode)
	if !versioned(tokens) {
		return nil
	}
	executed, err := transform.Executed(tokens, l.target)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsafe, err)
	}
	if st.verb == "SET" || len(significant(executed)) == 0 {
		return nil // SET is never sent
	}
	if readHeader(transform.Join(executed), st.mode) != st.header {
		return fmt.Errorf("%w: a versioned comment hides what it does", ErrUnsafe)
	}
	return nil
}

// checkSafe refuses what no definition in a dump needs, in a statement as it will be sent.
func (l *load) checkSafe(o *dump.Object, st *statement, text []byte) error {
	if l.o.Session.AllowUnsafe || st.verb != "CREATE" {
		return nil
	}
	all := transform.Lex(text, st.mode)
	if err := l.safeTokens(o, st, significant(all)); err != nil || !versioned(all) {
		return err
	}
	executed, err := transform.Executed(all, l.target)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsafe, err)
	}
	return l.safeTokens(o, st, significant(executed))
}

// versioned reports a versioned comment, of which a target may see more or less than another.
func versioned(tokens []transform.Token) bool {
	return slices.ContainsFunc(tokens, func(t transform.Token) bool { return t.Kind == transform.VersionedOpen })
}

func (l *load) safeTokens(o *dump.Object, st *statement, tokens []transform.Token) error {
	if st.kind != "view" && len(tokens) > 1 && tokens[1].Is("OR") {
		return fmt.Errorf("%w: OR REPLACE would replace what is not of the dump", ErrUnsafe)
	}
	switch st.kind {
	case "table":
		return safeTable(o, l.mapSchema(o.Schema), tokens)
	case "view", "database", "sequence":
		return safeWords(tokens, ";", "OUTFILE", "DUMPFILE", "SONAME")
	case "procedure", "function":
		if i := afterName(tokens, strings.ToUpper(st.kind)); i >= len(tokens) || !tokens[i].Is("(") {
			return fmt.Errorf("%w: it loads a library into the server", ErrUnsafe)
		}
	case "event":
		return safeEvent(tokens, transform.Lex(st.text, st.mode))
	}
	return nil
}

// afterName is the place behind [IF NOT EXISTS] [schema.]name, which follow the first of this word.
func afterName(tokens []transform.Token, word string) int {
	i := slices.IndexFunc(tokens, func(t transform.Token) bool { return t.Is(word) }) + 1
	if after, ok := transform.Match(tokens, i, "IF", "NOT", "EXISTS"); ok {
		i = after
	}
	if i+2 < len(tokens) && tokens[i+1].Is(".") {
		i += 2
	}
	return i + 1
}

// safeWords refuses words that a statement of its kind never has outside of quotes.
func safeWords(tokens []transform.Token, words ...string) error {
	for _, t := range tokens {
		for _, w := range words {
			if t.Is(w) {
				return fmt.Errorf("%w: it holds %s", ErrUnsafe, w)
			}
		}
	}
	return nil
}

// farEngines keep their rows on another server or in files that they are told of.
var farEngines = []string{"federated", "federatedx", "connect", "spider", "oqgraph", "sphinx", "s3", "cassandra", "hive"}

// safeTable refuses a table that reaches out of itself: the rows of a query or of other tables, files, other servers, and
// functions that read files or wait.
func safeTable(o *dump.Object, schema string, tokens []transform.Token) error {
	if err := safeWords(tokens, ";", "SELECT", "SONAME", "OUTFILE", "DUMPFILE"); err != nil {
		return err
	}
	open := slices.IndexFunc(tokens, func(t transform.Token) bool { return t.Is("(") })
	if open >= 0 && open+1 < len(tokens) && tokens[open+1].Is("LIKE") {
		return fmt.Errorf("%w: it is made like another table", ErrUnsafe)
	}
	end := transform.Closing(tokens, max(open, 0))
	for i, t := range tokens {
		next := i + 1
		switch {
		case i+1 >= len(tokens):
		case (t.Is("DATA") || t.Is("INDEX")) && tokens[next].Is("DIRECTORY"):
			return fmt.Errorf("%w: %s DIRECTORY puts it where the dump says", ErrUnsafe, t.Text)
		case t.Is("ENGINE") || t.Is("TYPE"):
			if tokens[next].Is("=") {
				next++
			}
			if next < len(tokens) && slices.Contains(farEngines, strings.ToLower(tokens[next].Unquote(transform.Mode{}))) {
				return fmt.Errorf("%w: engine %s reaches other servers or files", ErrUnsafe, tokens[next].Text)
			}
		case tokens[next].Is("(") && isAny(t, "LOAD_FILE", "SLEEP", "BENCHMARK", "GET_LOCK"):
			return fmt.Errorf("%w: it calls %s", ErrUnsafe, t.Text)
		case i > end && isAny(t, "CONNECTION", "IGNORE", "REPLACE", "AS"):
			return fmt.Errorf("%w: it holds %s behind its columns", ErrUnsafe, t.Text)
		case i > end && t.Is("UNION"):
			if err := ownTables(o, schema, tokens[next:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// ownTables refuses the tables of another schema in UNION=(a,b) of a MERGE table.
func ownTables(o *dump.Object, schema string, tokens []transform.Token) error {
	for i, t := range tokens {
		if t.Is(")") {
			break
		}
		if i > 0 && t.Is(".") {
			if name := tokens[i-1].Unquote(transform.Mode{}); name != o.Schema && name != schema {
				return fmt.Errorf("%w: it merges tables of schema %s", ErrUnsafe, mysql.QuoteName(name))
			}
		}
	}
	return nil
}

// safeEvent refuses versioned comments in the head of an event: one around DISABLE, passed over by the target, would let the
// event run.
func safeEvent(tokens, all []transform.Token) error {
	if err := safeWords(tokens[:min(len(tokens), 2)], ";"); err != nil {
		return err
	}
	seen, depth := false, 0
	for _, t := range all {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case t.Is("SCHEDULE"):
			seen = true
		case seen && t.Kind == transform.VersionedOpen:
			return fmt.Errorf("%w: a versioned comment in the schedule of an event", ErrUnsafe)
		case seen && depth == 0 && t.Is("DO"):
			return nil
		}
	}
	return nil
}

// passesOver reports whether a DROP may be passed over: it is about what its file creates.
func passesOver(o *dump.Object, stmt []byte, m transform.Mode) error {
	tokens := significant(transform.Lex(stmt, m))
	refused := fmt.Errorf("%w: a dump needs no such statement", ErrUnsafe)
	kinds := []string{"TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE", "PACKAGE"}
	if len(tokens) < 3 {
		return refused
	}
	kind, ok := wordIn(tokens[1], kinds)
	if !ok {
		return refused
	}
	rest := tokens[2:]
	if kind == "PACKAGE" && rest[0].Is("BODY") {
		rest = rest[1:]
	}
	if len(rest) > 2 && rest[0].Is("IF") && rest[1].Is("EXISTS") {
		rest = rest[2:]
	}
	schema, name := o.Schema, rest[0].Unquote(m)
	if len(rest) > 2 && rest[1].Is(".") {
		schema, name, rest = name, rest[2].Unquote(m), rest[2:]
	}
	own := o.Kind == dump.KindSchema || name == o.Name || kind == "TRIGGER" && o.Kind == dump.KindTable
	if len(rest) != 1 || schema != o.Schema || !own {
		return refused
	}
	return nil
}

// passOver says once of a statement that it is not run.
func (l *load) passOver(file string, line int, text string) {
	if _, told := l.unsafe.LoadOrStore(fmt.Sprintf("%s\x00%d", file, line), true); !told {
		l.warn(fmt.Sprintf("%s line %d: passed over, as a dump needs no such statement: %s", file, line, text))
	}
}
