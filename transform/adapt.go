package transform

import (
	"fmt"
	"slices"
	"strings"
)

// Origin is where the SQL comes from.
type Origin struct {
	Flavor string // "mysql", "mariadb" or "percona"
	Number int    // 50624, 101119, 90704; 0: not known, what it says in versioned comments it has run
}

// Note is one adaptation, or one thing that the target cannot hold.
type Note struct {
	Object  string // "table `shop`.`orders` column `c`"
	What    string // "collation utf8mb4_0900_ai_ci becomes utf8mb4_unicode_520_ci"
	Refused bool   // the target cannot hold it: reported before any data moves
}

// String is the note as one line.
func (n Note) String() string {
	if n.Refused {
		return n.Object + ": cannot be held: " + n.What
	}
	return n.Object + ": " + n.What
}

// Adapt rewrites the CREATE statement that SHOW CREATE gave, or an ALTER, for a target of another kind or version.
// object names it in the notes. Where nothing needs to change, out is stmt. Where a note is Refused, out is the nearest
// that the target would take: text for --force, not an equal of stmt.
func Adapt(stmt []byte, m Mode, from Origin, to Target, object string) (out []byte, notes []Note) {
	a := &adapter{tokens: Lex(stmt, m), mode: m, from: from, to: to, object: object}
	a.resolveVersions()
	kind, at := a.statement()
	switch kind {
	case "TABLE":
		a.adaptTable(at)
	case "DATABASE", "SCHEMA":
		a.adaptDatabase(at)
	case "EVENT":
		a.adaptEvent(at)
	case "VIEW":
		a.adaptView(at)
	case "PROCEDURE", "FUNCTION":
		a.adaptRoutine(kind, at)
	case "SEQUENCE":
		if to.mariadbBefore(100300) {
			a.refuse("", "it is a SEQUENCE, which the target does not have")
		}
	case "PACKAGE":
		if to.mariadbBefore(100300) {
			a.refuse("", "it is a PACKAGE, which the target does not have")
		}
	}
	a.adaptExpressions(kind)
	a.adaptCharsets(kind)
	if !a.changed {
		return stmt, a.notes
	}
	return a.join(), a.notes
}

// adapter holds one statement while it is rewritten. Tokens are never added or removed, so that an index stays what it is:
// text goes before or after a token, and a token that is left out is blank.
type adapter struct {
	tokens  []Token
	mode    Mode
	from    Origin
	to      Target
	object  string
	notes   []Note
	places  []place
	before  map[int]string
	after   map[int]string
	depth   []int // of each token, in parentheses; nil until asked for
	changed bool
}

// place is what a range of tokens belongs to, for notes.
type place struct {
	start, end int
	text       string // " column `c`"
}

// statement returns the kind of object that the statement creates or alters, and the index after that word.
func (a *adapter) statement() (kind string, after int) {
	i := Skip(a.tokens, 0)
	if i >= len(a.tokens) || !a.tokens[i].Is("CREATE") && !a.tokens[i].Is("ALTER") {
		return "", i
	}
	for i = Skip(a.tokens, i+1); i < len(a.tokens); i = Skip(a.tokens, i+1) {
		t := a.tokens[i]
		if t.Is("(") {
			break
		}
		for _, k := range []string{
			"TABLE", "DATABASE", "SCHEMA", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE", "PACKAGE",
		} {
			if t.Is(k) {
				a.adaptReplace(k)
				return k, i + 1
			}
		}
	}
	return "", i
}

// adaptReplace takes OR REPLACE out where the target knows it for views only.
func (a *adapter) adaptReplace(kind string) {
	if kind == "VIEW" || a.to.isMariaDB() {
		return
	}
	i := Skip(a.tokens, 0)
	if after, ok := Match(a.tokens, i+1, "OR", "REPLACE"); ok {
		a.drop(i+1, after)
		a.note("", "OR REPLACE left out")
	}
}

func (a *adapter) note(where, format string, args ...any) {
	a.addNote(Note{Object: a.object + where, What: fmt.Sprintf(format, args...)})
}

func (a *adapter) refuse(where, format string, args ...any) {
	a.addNote(Note{Object: a.object + where, What: fmt.Sprintf(format, args...), Refused: true})
}

// addNote adds a note once.
func (a *adapter) addNote(n Note) {
	if !slices.Contains(a.notes, n) {
		a.notes = append(a.notes, n)
	}
}

// where is the place that a token belongs to, "" for the object itself.
func (a *adapter) where(i int) string {
	for _, p := range a.places {
		if i >= p.start && i < p.end {
			return p.text
		}
	}
	return ""
}

// drop leaves out the tokens from i to j, and the white space before them.
// The marks of versioned comments stay, so that they stay in pairs; join takes out those that became empty.
func (a *adapter) drop(i, j int) {
	for k := i; k < j && k < len(a.tokens); k++ {
		if t := a.tokens[k].Kind; t != VersionedOpen && t != VersionedClose {
			a.blank(k)
		}
	}
	for k := i - 1; k > 0 && a.tokens[k].Kind == Space; k-- {
		a.blank(k)
	}
	a.changed = true
}

func (a *adapter) blank(i int) {
	a.tokens[i] = Token{Kind: Space}
	a.changed = true
}

func (a *adapter) replace(i int, text string) {
	a.tokens[i].Text = []byte(text)
	a.changed = true
}

func (a *adapter) insertBefore(i int, text string) {
	if a.before == nil {
		a.before = map[int]string{}
	}
	a.before[i] += text
	a.changed = true
}

func (a *adapter) insertAfter(i int, text string) {
	if a.after == nil {
		a.after = map[int]string{}
	}
	a.after[i] += text
	a.changed = true
}

// join puts the statement together, without the versioned comments that became empty.
func (a *adapter) join() []byte {
	a.dropEmptyComments()
	var b strings.Builder
	for i, t := range a.tokens {
		b.WriteString(a.before[i])
		b.Write(t.Text)
		b.WriteString(a.after[i])
	}
	return []byte(b.String())
}

func (a *adapter) dropEmptyComments() {
	for i := range a.tokens {
		if a.tokens[i].Kind != VersionedOpen {
			continue
		}
		j, emptied := i+1, false
		for j < len(a.tokens) && a.tokens[j].Kind == Space && a.before[j] == "" && a.after[j] == "" {
			emptied = emptied || a.tokens[j].Text == nil
			j++
		}
		if emptied && j < len(a.tokens) && a.tokens[j].Kind == VersionedClose && a.before[j] == "" && a.after[i] == "" {
			for k := i; k <= j; k++ {
				a.blank(k)
			}
			if i > 0 && a.tokens[i-1].Kind == Space {
				a.blank(i - 1)
			}
		}
	}
}

// crossKind reports whether source and target are of different families.
func (a *adapter) crossKind() bool { return a.from.isMariaDB() != a.to.isMariaDB() }

func (o Origin) isMariaDB() bool { return o.Flavor == "mariadb" }
