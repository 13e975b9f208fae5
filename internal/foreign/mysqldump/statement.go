package mysqldump

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// errNotKnown is a statement that is none of those that dumps have.
var errNotKnown = fmt.Errorf("%w: a dump needs no such statement", foreign.ErrStatement)

// session is where a script stands: the schema and the settings in force.
type session struct {
	script    *script
	schema    string            // of USE, or --into
	collation map[string]string // by schema, the ALTER DATABASE that was last
	o         *Options
	facts     *facts
	objects   *objects
}

// name is a name of the file as UTF-8.
func (s *session) name(name string) string {
	if strings.HasPrefix(s.script.charset(), "latin1") {
		return string(foreign.Latin1([]byte(name)))
	}
	return name
}

// qualified completes a name by the schema in force.
func (s *session) qualified(schema, name string) (string, string, error) {
	schema, name = s.name(schema), s.name(name)
	if schema == "" {
		schema = s.schema
	}
	if schema == "" {
		hint := ""
		if s.facts.database != "" {
			hint = "; its head names " + mysql.QuoteName(s.facts.database) + ", so perhaps --into " + s.facts.database
		}
		return "", "", fmt.Errorf("%w: the file names no schema for %s: say by --into SCHEMA which one it is%s", ErrNoSchema, mysql.QuoteName(name), hint)
	}
	return schema, name, nil
}

// ErrNoSchema is a file of a single database, which does not name it.
var ErrNoSchema = errors.New("no schema")

// statement follows a statement that is no INSERT.
func (s *session) statement(it *item) error {
	s.facts.statement(it.text)
	err := s.follow(it)
	if errors.Is(err, errNotKnown) {
		if s.passesBulk(it) {
			return nil
		}
		return s.unsafe(it)
	}
	if err != nil {
		return s.script.at(it.line, fmt.Errorf("%w; statement: %s", err, excerpt(it.text)))
	}
	return nil
}

func (s *session) follow(it *item) error {
	tokens := significantStart(it.text, it.mode)
	if len(tokens) == 0 {
		return nil
	}
	starts := func(words ...string) bool { _, ok := transform.Match(tokens, 0, words...); return ok }
	switch first := tokens[0]; {
	case first.Is("SET"):
		return s.set(it)
	case first.Is("USE") && len(tokens) == 2:
		s.schema = s.name(tokens[1].Unquote(it.mode))
		if !s.objects.passes(s.schema) {
			s.objects.schema(s.schema)
		}
		return nil
	case first.Is("CREATE"):
		return s.objects.create(s, it)
	case first.Is("DROP"):
		return s.drop(tokens[1:], it)
	case starts("LOCK", "TABLES"), starts("LOCK", "TABLE"), starts("UNLOCK", "TABLES"), starts("COMMIT"), starts("BEGIN") && len(tokens) == 1,
		starts("START", "TRANSACTION"), starts("FLUSH", "PRIVILEGES"), starts("FLUSH", "TABLES") && len(tokens) == 2:
		return nil
	case starts("ALTER", "TABLE"):
		if last := tokens[len(tokens)-1]; last.Is("KEYS") && (tokens[len(tokens)-2].Is("DISABLE") || tokens[len(tokens)-2].Is("ENABLE")) {
			return nil
		}
		return s.objects.alter(s, it)
	case starts("ALTER", "DATABASE"), starts("ALTER", "SCHEMA"):
		return s.alterDatabase(tokens, it)
	case starts("ANALYZE", "TABLE") && bytes.Contains(bytes.ToUpper(it.text), []byte("UPDATE HISTOGRAM")):
		return nil // statistics, which the target makes itself
	case starts("CHANGE", "MASTER"), starts("CHANGE", "REPLICATION", "SOURCE"):
		if s.facts.coordinates(string(it.text)) {
			return nil
		}
	case starts("DO", "SETVAL", "("), starts("SELECT", "SETVAL", "("):
		return s.setval(tokens[3:], it)
	}
	return errNotKnown
}

// maxShort bounds a statement that is understood as a whole.
const maxShort = 64 << 10

// significantStart is the first tokens of a statement without spaces and comments: all of them where it is short.
func significantStart(text []byte, m transform.Mode) []transform.Token {
	var out []transform.Token
	l := transform.NewLexer(text, m)
	for len(text) <= maxShort || len(out) < 16 {
		t, ok := l.Next()
		if !ok {
			break
		}
		if t.Significant() {
			out = append(out, t)
		}
	}
	return out
}

// set follows a SET statement.
func (s *session) set(it *item) error {
	s.facts.setting(it.text)
	upper := bytes.ToUpper(it.text[:min(len(it.text), 1<<10)])
	if (bytes.Contains(upper, []byte("GTID_PURGED")) || bytes.Contains(upper, []byte("GTID_SLAVE_POS"))) && s.facts.coordinates(string(it.text)) {
		return nil // the target's own state of replication is left alone
	}
	if bytes.Contains(upper, []byte("SET GLOBAL INNODB_STATS_AUTO_RECALC")) {
		return nil // mysqldump has it around a dump of all schemas
	}
	if err := s.script.env.Set(it.text, it.mode); err != nil {
		return errNotKnown
	}
	return nil
}

// drop notes a DROP statement, without its first word.
func (s *session) drop(tokens []transform.Token, it *item) error {
	if len(tokens) < 2 {
		return errNotKnown
	}
	kind := strings.ToUpper(string(tokens[0].Text))
	rest := tokens[1:]
	switch kind {
	case "DATABASE", "SCHEMA", "TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE":
	case "PACKAGE":
		if rest[0].Is("BODY") {
			kind, rest = "PACKAGE BODY", rest[1:]
		}
	default:
		return errNotKnown
	}
	if after, ok := transform.Match(rest, 0, "IF", "EXISTS"); ok {
		rest = rest[after:]
	}
	schema, name := "", ""
	switch {
	case len(rest) == 1:
		name = rest[0].Unquote(it.mode)
	case len(rest) == 3 && rest[1].Is("."):
		schema, name = rest[0].Unquote(it.mode), rest[2].Unquote(it.mode)
	default:
		return errNotKnown
	}
	what := ""
	if kind == "DATABASE" || kind == "SCHEMA" {
		schema = s.name(name)
		what = "database " + schema
	} else {
		var err error
		if schema, name, err = s.qualified(schema, name); err != nil {
			return err
		}
		what = madeKey(kind, schema, name)
	}
	if !s.objects.passes(schema) {
		s.objects.dropped = append(s.objects.dropped, drop{what, it.line, excerpt(it.text), it.offset})
		s.objects.unsafe.count++
	}
	return nil
}

// alterDatabase keeps an ALTER DATABASE [name] [CHARACTER SET c] COLLATE c: the objects that follow are made under that collation.
func (s *session) alterDatabase(tokens []transform.Token, it *item) error {
	if len(tokens) < 5 {
		return errNotKnown
	}
	schema := s.name(tokens[2].Unquote(it.mode))
	rest := tokens[3:]
	if j, ok := transform.Match(rest, 0, "CHARACTER", "SET"); ok && len(rest) > j {
		rest = rest[j+1:]
	}
	if len(rest) != 2 || !rest[0].Is("COLLATE") {
		return errNotKnown
	}
	s.collation[schema] = "ALTER DATABASE " + mysql.QuoteName(schema) + " COLLATE " + rest[1].Unquote(it.mode) + "; "
	return nil
}

// setval is the state of a sequence: ([schema.]name, ...).
func (s *session) setval(tokens []transform.Token, it *item) error {
	switch {
	case len(tokens) > 3 && tokens[1].Is("."):
		return s.objects.setval(s, it, tokens[0].Unquote(it.mode), tokens[2].Unquote(it.mode))
	case len(tokens) > 1:
		return s.objects.setval(s, it, "", tokens[0].Unquote(it.mode))
	}
	return errNotKnown
}

// passesBulk passes over what Percona's mysqldump writes so that RocksDB loads in bulk.
func (s *session) passesBulk(it *item) bool {
	tokens := significantStart(it.text, it.mode)
	for _, words := range [][]string{{"EXECUTE", "s"}, {"DEALLOCATE", "PREPARE", "s"}} {
		if after, ok := transform.Match(tokens, 0, words...); ok && after == len(tokens) {
			return true
		}
	}
	if !tokens[0].Is("SET") && !tokens[0].Is("PREPARE") && !tokens[0].Is("SELECT") || len(it.text) > maxShort {
		return false
	}
	for _, t := range tokens {
		if t.Kind == transform.Variable && strings.HasPrefix(string(t.Text), "@rocksdb_") {
			return true
		}
	}
	return false
}
