package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// setting is one assignment of a session. A server may lack or refuse those that are not needed.
type setting struct {
	name   string // of its variable, to leave out what the server does not have; empty when it is no variable
	assign string // what follows SET
	needed bool   // the data would be wrong without it
}

// setup is what every session of a server starts with. It is safe for concurrent use.
type setup struct {
	statements []string // before the settings: they cannot stand in one SET with others
	after      []string // the caller's own

	mu       sync.Mutex
	settings []setting
}

const isolation = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"

const readWrite = "SET SESSION TRANSACTION READ WRITE"

// loadMode takes what a dump holds as it is: zero and odd dates, and 0 in an AUTO_INCREMENT column.
const loadMode = "STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"

// The seconds that a session may be idle, or its network slow: a snapshot waits for hours, a target may stall a reader.
const (
	idleSeconds    = 2147483 // the most that every platform takes
	networkSeconds = 86400
)

// LoadIdle is how long a session of ForLoad may be idle before the server ends it. What it holds must not stay when this machine dies.
// Nor must it when it is killed: MySQL 5.6 closes the socket of a session that is killed between two statements, and when that session
// is just about to wait on it, it waits on no socket at all, for all of its wait_timeout, with its locks.
const LoadIdle = 60 * time.Second

// newBareSetup is for the connections that ask for facts and kill statements: global defaults must not spoil their answers.
func newBareSetup() *setup {
	return &setup{settings: []setting{
		{assign: "NAMES utf8mb4", needed: true},
		needed("autocommit", "1"),
		needed("sql_select_limit", noLimit),
		needed("sql_mode", "''"),
	}}
}

// noLimit is the built-in default; DEFAULT would be the server's global value.
const noLimit = "18446744073709551615"

func newSetup(p Purpose, f *Facts, after []string) *setup {
	s := &setup{after: after}
	var all []setting
	switch p {
	case ForDump:
		all = append(s.transactions(f, false), commonSettings()...)
		all = append(all, dumpSettings()...)
	case ForLoad:
		all = append(s.transactions(f, true), commonSettings()...)
		all = append(all, loadSettings(f)...)
	}
	for _, v := range all {
		if _, ok := f.Variables[v.name]; ok || v.needed {
			s.settings = append(s.settings, v)
		}
	}
	return s
}

// transactions are the settings of how transactions begin. A server whose variables for it are not known takes statements of their own.
func (s *setup) transactions(f *Facts, writes bool) []setting {
	for _, prefix := range []string{"transaction_", "tx_"} { // MySQL 5.7.20 and MariaDB 11.1 have the longer names
		_, level := f.Variables[prefix+"isolation"]
		_, mode := f.Variables[prefix+"read_only"]
		switch {
		case !level || !mode:
		case writes:
			return []setting{needed(prefix+"isolation", "'REPEATABLE-READ'"), needed(prefix+"read_only", "0")}
		default:
			return []setting{needed(prefix+"isolation", "'REPEATABLE-READ'")}
		}
	}
	s.statements = []string{isolation}
	if writes {
		s.statements = append(s.statements, readWrite)
	}
	return nil
}

func needed(name, value string) setting {
	return setting{name: name, assign: "SESSION " + name + "=" + value, needed: true}
}

func wanted(name, value string) setting {
	return setting{name: name, assign: "SESSION " + name + "=" + value}
}

func commonSettings() []setting {
	network := fmt.Sprint(networkSeconds)
	return []setting{
		{assign: "NAMES utf8mb4", needed: true},
		needed("autocommit", "1"),
		needed("completion_type", "0"),
		needed("time_zone", "'+00:00'"),
		needed("sql_select_limit", noLimit),
		wanted("net_read_timeout", network),
		wanted("net_write_timeout", network),
		wanted("max_execution_time", "0"), // MySQL 5.7.8
		wanted("max_statement_time", "0"), // MariaDB 10.1
		wanted("idle_transaction_timeout", "0"),
		wanted("idle_readonly_transaction_timeout", "0"),
		wanted("idle_write_transaction_timeout", "0"),
		wanted("sql_big_selects", "1"),
		wanted("sql_safe_updates", "0"),
		wanted("sql_auto_is_null", "0"),
		wanted("group_concat_max_len", "1073741824"),
	}
}

func dumpSettings() []setting {
	return []setting{
		// Literals are utf8mb4; rows and stored statements come back in their own bytes.
		{assign: "SESSION character_set_results=binary", needed: true},
		needed("sql_mode", "''"),
		needed("sql_quote_show_create", "1"),
		wanted("wait_timeout", fmt.Sprint(idleSeconds)),
		wanted("information_schema_stats_expiry", "0"),
		wanted("show_gipk_in_create_table_and_information_schema", "ON"), // MySQL 8.0.30
	}
}

func loadSettings(f *Facts) []setting {
	s := []setting{
		needed("foreign_key_checks", "0"),
		needed("sql_mode", "'"+loadMode+"'"),
		wanted("wait_timeout", fmt.Sprint(int(LoadIdle.Seconds()))),
		wanted("explicit_defaults_for_timestamp", "1"),
		wanted("sql_generate_invisible_primary_key", "OFF"),
		wanted("sql_require_primary_key", "OFF"),
		wanted("restrict_fk_on_non_standard_key", "OFF"),
		wanted("max_error_count", "1024"),
	}
	if f.Flavor != MariaDB {
		// On MariaDB the first load into an empty table would lock all of it, and duplicates go unnamed.
		s = append(s, wanted("unique_checks", "0"))
	}
	return s
}

// run sets up one session: the settings in one round trip, or one by one where the server refuses some of them,
// which later sessions then leave out.
func (s *setup) run(ctx context.Context, conn driver.Conn) error {
	for _, q := range s.statements {
		if err := exec(ctx, conn, q); err != nil {
			return fmt.Errorf("session setting %q: %w", q, err)
		}
	}
	s.mu.Lock()
	settings := s.settings
	s.mu.Unlock()
	if err := exec(ctx, conn, setStatement(settings)); err != nil {
		if Number(err) == 0 || IsConnectionLost(err) {
			return fmt.Errorf("session settings: %w", err)
		}
		if settings, err = oneByOne(ctx, conn, settings); err != nil {
			return err
		}
		s.mu.Lock()
		s.settings = settings
		s.mu.Unlock()
	}
	for _, q := range s.after {
		if err := exec(ctx, conn, q); err != nil {
			return fmt.Errorf("session setting %q: %w", q, err)
		}
	}
	return nil
}

// oneByOne returns the settings that the server accepted; a refusal of one that is needed is an error.
func oneByOne(ctx context.Context, conn driver.Conn, settings []setting) ([]setting, error) {
	var accepted []setting
	for _, v := range settings {
		err := exec(ctx, conn, "SET "+v.assign)
		switch {
		case err == nil:
			accepted = append(accepted, v)
		case v.needed, Number(err) == 0, IsConnectionLost(err):
			return nil, fmt.Errorf("session setting %q: %w", v.assign, err)
		}
	}
	return accepted, nil
}

func setStatement(settings []setting) string {
	parts := make([]string, len(settings))
	for i, v := range settings {
		parts[i] = v.assign
	}
	return "SET " + strings.Join(parts, ", ")
}

func exec(ctx context.Context, conn driver.Conn, query string) error {
	e, ok := conn.(driver.ExecerContext)
	if !ok {
		return errors.New("driver connection runs no statements")
	}
	_, err := e.ExecContext(ctx, query, nil)
	return err
}
