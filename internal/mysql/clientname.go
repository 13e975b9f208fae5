package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// DecodeName turns a name from a charset that the server knows into UTF-8, in which information_schema has it.
func DecodeName(ctx context.Context, db *sql.DB, charset, name string) (string, error) {
	charset = strings.ToLower(charset)
	if charset == "" || strings.HasPrefix(charset, "utf8") || isASCII(name) {
		return name, nil
	}
	var decoded string
	q := "SELECT CONVERT(" + HexLiteral(charset, []byte(name)) + " USING utf8mb4)"
	if err := db.QueryRowContext(ctx, q).Scan(&decoded); err != nil {
		return "", fmt.Errorf("name %q of charset %s: %w", name, charset, err)
	}
	return decoded, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
