package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// removedWords finds bodies that call functions which the target does not have, that sort by GROUP BY ... ASC, or that run under an
// sql_mode which it does not know.
func removedWords(ctx context.Context, e *examination) ([]Finding, error) {
	to, err := e.holds(ctx)
	if err != nil {
		return nil, err
	}
	lacks, err := e.functionsLacked(ctx, to)
	if err != nil {
		return nil, err
	}
	refused, err := e.onGone(ctx, to, lacks, true)
	if err != nil {
		return nil, err
	}
	fail, err := e.onGone(ctx, to, lacks, false)
	if err != nil {
		return nil, err
	}
	modes, err := e.onObjects(ctx, func(o *storedObject) (string, string, bool) {
		_, dropped := transform.AdaptSQLMode(o.mode, to)
		return "loses " + strings.Join(dropped, ", "), "", len(dropped) > 0
	})
	fix := "rewrite them on the source with functions that both servers have and ORDER BY in place of GROUP BY ... ASC, or leave them out"
	out := found(refused, Finding{
		Severity: Error, What: "objects that the target refuses, for what they use", Why: "the load fails on them after all rows (errors 1305, 1064)", Fix: fix,
	})
	out = append(out, found(fail, Finding{
		Severity: Warning, What: "objects that use functions which the target does not have", Why: "the target takes them, and they fail when they run (error 1305)", Fix: fix,
	})...)
	return append(out, found(modes, Finding{
		Severity: Note, What: "objects whose sql_mode has parts that the target does not know", Why: "the target refuses such a mode (error 1231)", Fix: "nothing is needed: load leaves these parts out",
	})...), err
}

// onGone makes an object of each one that uses what the target lacks: those that it refuses to create, or those that it takes.
func (e *examination) onGone(ctx context.Context, to transform.Target, lacks map[string]bool, refused bool) ([]Object, error) {
	return e.onObjects(ctx, func(o *storedObject) (string, string, bool) {
		var gone []string
		refuses := false
		for _, w := range e.words(o, to) {
			sorts := strings.HasPrefix(w, "GROUP BY") && e.Target.Facts.AtLeast(mysql.MySQL, 80013)
			if lacks[w] || sorts {
				gone = append(gone, w)
			}
			refuses = refuses || sorts || lacks[w] && o.kind == "view" || w == "PASSWORD()" && lacks[w]
		}
		return "uses " + strings.Join(gone, ", "), "", len(gone) > 0 && refuses == refused
	})
}

// functionsLacked asks both servers for each function that is called: those that only the source has.
func (e *examination) functionsLacked(ctx context.Context, to transform.Target) (map[string]bool, error) {
	objects, err := e.objects(ctx)
	if err != nil {
		return nil, err
	}
	lacks := map[string]bool{}
	asked := map[string]bool{}
	for i := range objects {
		for _, w := range e.words(&objects[i], to) {
			if asked[w] || !strings.HasSuffix(w, "()") {
				continue
			}
			asked[w] = true
			there, err := hasFunction(ctx, e.Target, w)
			if err == nil && !there {
				lacks[w], err = hasFunction(ctx, e.Source, w)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return lacks, nil
}

// hasFunction has a server resolve a call without running it: a function that it does not know gives 1305, or 1046 since the
// session has no schema; a known one has another number of arguments, or none, or is a word of the grammar.
func hasFunction(ctx context.Context, s *mysql.Server, call string) (bool, error) {
	if call == "PASSWORD()" { // still a word of the grammar
		return !s.Facts.AtLeast(mysql.MySQL, 80011), nil
	}
	st, err := s.DB().PrepareContext(ctx, "SELECT "+call)
	if err == nil {
		defer st.Close()
		return true, nil
	}
	switch mysql.Number(err) {
	case 0:
		return false, fmt.Errorf("resolve %s: %w", call, err)
	case 1305, 1046:
		return false, nil
	}
	return true, nil
}

// words are the functions that the body of an object calls, as "NAME()", once what load adapts is adapted, and "GROUP BY ... ASC".
func (e *examination) words(o *storedObject, to transform.Target) (words []string) {
	mode := transform.ModeOf("utf8mb4", o.mode)
	from := transform.Origin{Flavor: string(e.Source.Facts.Flavor), Number: e.Source.Facts.Number}
	text, _ := transform.Adapt([]byte(createHead(o.kind)+o.body), mode, from, to, "")
	var tokens []transform.Token
	for _, t := range transform.Lex(text, mode) {
		if t.Significant() {
			tokens = append(tokens, t)
		}
	}
	add := func(word string) {
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	inGroup := false
	for i, t := range tokens {
		next := func(text string) bool { return i+1 < len(tokens) && tokens[i+1].Is(text) }
		switch {
		case t.Is("GROUP") && next("BY"):
			inGroup = true
		case isClauseEnd(t):
			inGroup = false
		case inGroup && (t.Is("ASC") || t.Is("DESC")):
			add("GROUP BY ... " + strings.ToUpper(string(t.Text)))
		case t.Kind == transform.Word && next("(") && (i == 0 || !tokens[i-1].Is(".")) && isPlainName(t.Text):
			add(strings.ToUpper(string(t.Text)) + "()")
		}
	}
	return words
}

// createHead is a statement around the body of an object, by which the adaptation knows what it is.
func createHead(kind string) string {
	switch kind {
	case "view":
		return "CREATE VIEW `o` AS "
	case "trigger":
		return "CREATE TRIGGER `o` BEFORE INSERT ON `t` FOR EACH ROW "
	case "event":
		return "CREATE EVENT `o` ON SCHEDULE EVERY 1 DAY DO "
	case "function":
		return "CREATE FUNCTION `o`() RETURNS INT "
	}
	return "CREATE PROCEDURE `o`() "
}

// isPlainName reports a name that needs no quotes.
func isPlainName(text []byte) bool {
	for _, c := range text {
		if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return len(text) > 0
}

// isClauseEnd reports a word that ends a GROUP BY.
func isClauseEnd(t transform.Token) bool {
	return slices.ContainsFunc([]string{"HAVING", "ORDER", "LIMIT", "UNION", "INTO", "FOR", "PROCEDURE", "SELECT", ";"}, t.Is)
}
