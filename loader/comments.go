package loader

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// commentsNote is how the change of foreignComments is listed.
const commentsNote = "comments in its body become UTF-8: the target's dictionary holds no other bytes"

// foreignComments reports a stored program with comments that MySQL 8 and later refuse (4089, 3507): their dictionary is
// in UTF-8, and comments are the part of a body that the server does not convert.
func (l *load) foreignComments(text []byte, m transform.Mode) bool {
	if l.target.Flavor == "mariadb" || l.target.Number < 80000 || utf8.Valid(text) {
		return false
	}
	for _, t := range transform.Lex(text, m) {
		if t.Kind == transform.Comment && !utf8.Valid(t.Text) {
			return true
		}
	}
	return false
}

// convertComments turns such comments into UTF-8, from the charset of the client that wrote them. What has no meaning in
// it becomes ?.
func (l *load) convertComments(ctx context.Context, text []byte, m transform.Mode) ([]byte, error) {
	tokens := transform.Lex(text, m)
	for i, t := range tokens {
		if t.Kind != transform.Comment || utf8.Valid(t.Text) {
			continue
		}
		charset := l.target.Charset(m.Charset)
		converted := strings.ToValidUTF8(string(t.Text), "?")
		if !strings.HasPrefix(charset, "utf8") {
			q := "SELECT CONVERT(" + mysql.HexLiteral(charset, t.Text) + " USING utf8mb4)"
			if err := l.server.DB().QueryRowContext(ctx, q).Scan(&converted); err != nil {
				return nil, fmt.Errorf("comment in charset %s: %w", charset, err)
			}
		}
		tokens[i].Text = []byte(converted)
	}
	return transform.Join(tokens), nil
}
