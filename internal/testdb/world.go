package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
)

// worldDir is where the package mariadb-test-data puts its SQL files.
const worldDir = "/usr/share/mysql/mysql-test/include"

// LoadWorld creates the schema and fills it with the world sample data: Country, City, CountryLanguage, 5,302 rows.
func LoadWorld(ctx context.Context, db *sql.DB, schema string) error {
	for _, file := range []string{"world_schema_utf8.inc", "world.inc"} {
		text, err := os.ReadFile(filepath.Join(worldDir, file))
		if err != nil {
			return fmt.Errorf("world sample data: %w: run `make setup`", err)
		}
		prologue := "CREATE DATABASE IF NOT EXISTS " + schema + "; USE " + schema + ";"
		if err := inSession(ctx, db, prologue, string(text)); err != nil {
			return fmt.Errorf("world sample data: %s: %w", file, err)
		}
	}
	return nil
}

// inSession runs the statements on one connection, which is then given back with no default schema to rely on.
func inSession(ctx context.Context, db *sql.DB, statements ...string) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, q := range statements {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%.200s: %w", q, err)
		}
	}
	return nil
}
