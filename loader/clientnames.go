package loader

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// decodeNames turns the names in a statement's header from the charset of its client into UTF-8, in which the dump's
// records and information_schema have them. The statement itself keeps its bytes.
func (l *load) decodeNames(ctx context.Context, st *statement) error {
	charset := strings.ToLower(st.mode.Charset)
	if charset == "" || strings.HasPrefix(charset, "utf8") || st.verb != "CREATE" {
		return nil
	}
	for _, name := range []*string{&st.schema, &st.name, &st.on} {
		if isASCII(*name) {
			continue
		}
		q := "SELECT CONVERT(" + mysql.HexLiteral(adaptCharset(charset, l.target), []byte(*name)) + " USING utf8mb4)"
		if err := l.server.DB().QueryRowContext(ctx, q).Scan(name); err != nil {
			return fmt.Errorf("name %q of charset %s: %w", *name, charset, err)
		}
	}
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
