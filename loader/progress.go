package loader

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// progressSchema holds the progress table; where it cannot be created the first schema of the load does.
const (
	progressSchema    = "gomove"
	progressTable     = "progress"
	progressTableElse = "gomove_progress"
)

// journal is the progress table. A chunk's row commits with its rows, so what it says is what the target has.
// Its kinds of rows: source (of a copy; key_range: its manifest, and each table's definition), run (state: the settings that a second run must share), session (table: the run's name; state: how
// many slots its sessions have), phase (a phase that is done), table
// (state: created, kept or left alone by this load), empty (a table that is being emptied), sequence (left alone),
// schema (state: the collation that it has to get back), script (a statement of the file; table: where it stands; state: begun or done), account (that this load makes; table: its accountKey), chunk (its rows are committed).
type journal struct {
	schema, table string // where it is; empty: nowhere yet
	id            string // of the dump
}

// past is what an interrupted run of the same load left.
type past struct {
	settings   string
	phases     map[string]bool
	tables     map[[2]string]string // target's schema and table to created, kept or left
	emptying   map[[2]string]bool   // nobody knows what these hold
	sequences  map[[2]string]bool   // that are left alone
	collations map[string]string    // that schemas had before the run changed them
	accounts   map[string]bool      // that the run makes, by accountKey
	statements map[string]string    // of the file: begun or done
}

// onlyCreated reports that nothing was on the target when the run began that it left there.
func (p *past) onlyCreated() bool {
	for _, state := range p.tables {
		if state != markCreated {
			return false
		}
	}
	return p.phases[phasePlanned] || p.phases[phaseRestart]
}

// The marks of tables and phases.
const (
	markCreated = "created"
	markKept    = "kept" // its definition, not its rows
	markLeft    = "left" // alone

	markEmptying = "empty"

	phaseRestart = "restart" // a copy begins anew: its tables go
	phasePlanned = "planned" // nothing was in the way; tables carry their marks
	phaseTables  = "tables"  // every table is there as it should be
	phaseLoaded  = "loaded"  // every chunk is in, indexes and foreign keys too
	phaseDone    = "done"
)

func (j *journal) name() string { return mysql.QuoteTable(j.schema, j.table) }

const journalColumns = ` (
  dump_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  schema_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  table_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  number INT UNSIGNED NOT NULL,
  state TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  row_count BIGINT UNSIGNED NOT NULL,
  byte_count BIGINT UNSIGNED NOT NULL,
  key_range MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  finished TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (dump_id, kind, schema_name, table_name, number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='progress of gomove load, format 1; goes when the load is whole'`

// find looks for a progress table that an earlier run left.
func (j *journal) find(ctx context.Context, s *mysql.Server, schemas []string) error {
	places := [][2]string{{progressSchema, progressTable}}
	for _, schema := range schemas {
		places = append(places, [2]string{schema, progressTableElse})
	}
	for _, p := range places {
		var n int
		err := s.DB().QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema="+
			mysql.QuoteString(p[0])+" AND table_name="+mysql.QuoteString(p[1])).Scan(&n)
		if err != nil {
			return err
		}
		if n > 0 {
			j.schema, j.table = p[0], p[1]
			return nil
		}
	}
	return nil
}

// create makes the table, in the schema gomove, or where that is refused in the load's first schema.
func (j *journal) create(ctx context.Context, s *mysql.Server, fallback func(context.Context) (string, error)) error {
	if j.schema != "" {
		return nil
	}
	err := change(ctx, s, "CREATE DATABASE IF NOT EXISTS "+mysql.QuoteName(progressSchema))
	if err == nil {
		err = change(ctx, s, "CREATE TABLE IF NOT EXISTS "+mysql.QuoteTable(progressSchema, progressTable)+journalColumns)
	}
	if err == nil {
		j.schema, j.table = progressSchema, progressTable
		return nil
	}
	if !mysql.IsDenied(err) {
		return fmt.Errorf("progress table: %w", readOnly(err))
	}
	schema, err := fallback(ctx)
	if err != nil {
		return err
	}
	if err = change(ctx, s, "CREATE TABLE IF NOT EXISTS "+mysql.QuoteTable(schema, progressTableElse)+journalColumns); err != nil {
		return fmt.Errorf("progress table: %w", readOnly(err))
	}
	j.schema, j.table = schema, progressTableElse
	return nil
}

// readOnly names the errors of a server that takes no writes.
func readOnly(err error) error {
	switch mysql.Number(err) {
	case 1290, 1792, 1836, 3906:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return err
}

// read gives what an earlier run of this dump left, nil when there is none.
func (j *journal) read(ctx context.Context, s *mysql.Server) (p *past, err error) {
	if j.schema == "" {
		return nil, nil
	}
	rows, err := s.DB().QueryContext(ctx, "SELECT kind, schema_name, table_name, state FROM "+j.name()+
		" WHERE dump_id="+mysql.QuoteString(j.id)+" AND kind<>'chunk'")
	if err != nil {
		return nil, fmt.Errorf("progress table: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var kind, schema, table, state string
		if err := rows.Scan(&kind, &schema, &table, &state); err != nil {
			return nil, err
		}
		if p == nil {
			p = &past{phases: map[string]bool{}, tables: map[[2]string]string{}, emptying: map[[2]string]bool{}, sequences: map[[2]string]bool{}, collations: map[string]string{}, accounts: map[string]bool{}, statements: map[string]string{}}
		}
		switch kind {
		case "run":
			p.settings = state
		case "phase":
			p.phases[table] = true
		case "table":
			p.tables[[2]string{schema, table}] = state
		case markEmptying:
			p.emptying[[2]string{schema, table}] = true
		case "schema":
			p.collations[schema] = state
		case markAccount:
			p.accounts[table] = true
		case markStatement:
			p.statements[table] = state
		case "sequence":
			p.sequences[[2]string{schema, table}] = true
		}
	}
	return p, rows.Err()
}

// runs are the runs whose sessions may still be at work, of any dump, with the number of their slots.
func (j *journal) runs(ctx context.Context, s *mysql.Server) (runs map[string]int, err error) {
	rows, err := s.DB().QueryContext(ctx, "SELECT table_name, state FROM "+j.name()+" WHERE kind='session'")
	if err != nil {
		return nil, fmt.Errorf("progress table: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	runs = map[string]int{}
	for rows.Next() {
		var run, state string
		if err := rows.Scan(&run, &state); err != nil {
			return nil, err
		}
		runs[run], _ = strconv.Atoi(state) // another's number is none
	}
	return runs, rows.Err()
}

// begin notes a run's sessions in place of those of earlier runs, which are gone.
func (j *journal) begin(ctx context.Context, s *mysql.Server, k *slots) error {
	if err := change(ctx, s, "DELETE FROM "+j.name()+" WHERE kind='session'"); err != nil {
		return fmt.Errorf("progress table: %w", readOnly(err))
	}
	return j.mark(ctx, s, mark{kind: "session", table: k.run, state: strconv.Itoa(k.n)})
}

// chunks calls f for each committed chunk, of one table where only names that.
func (j *journal) chunks(ctx context.Context, s *mysql.Server, only *table, f func(schema, table string, number int, rows int64)) (err error) {
	query := "SELECT schema_name, table_name, number, row_count FROM " + j.name() + " WHERE dump_id=" + mysql.QuoteString(j.id) + " AND kind='chunk'"
	if only != nil {
		query += " AND schema_name=" + mysql.QuoteString(only.schema) + " AND table_name=" + mysql.QuoteString(only.name)
	}
	rows, err := s.DB().QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("progress table: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var schema, table string
		var number int
		var n int64
		if err := rows.Scan(&schema, &table, &number, &n); err != nil {
			return err
		}
		f(schema, table, number, n)
	}
	return rows.Err()
}

// others names the other dumps that are half loaded into tables of this load.
func (j *journal) others(ctx context.Context, s *mysql.Server, mine func(schema, table string) bool) (ids []string, err error) {
	if j.schema == "" {
		return nil, nil
	}
	rows, err := s.DB().QueryContext(ctx, "SELECT dump_id, schema_name, table_name FROM "+j.name()+
		" WHERE dump_id<>"+mysql.QuoteString(j.id)+" AND kind='table'")
	if err != nil {
		return nil, fmt.Errorf("progress table: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	seen := map[string]bool{}
	for rows.Next() {
		var id, schema, table string
		if err := rows.Scan(&id, &schema, &table); err != nil {
			return nil, err
		}
		if mine(schema, table) && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}

// mark writes rows of one kind; writing one again changes its state.
type mark struct {
	kind, schema, table, state string
}

const marksPerInsert = 500

// change runs a statement on the progress table, and again after a deadlock or a lock wait, which undo it: locks of
// definitions deadlock too, so DROP and CREATE come this way.
func change(ctx context.Context, s *mysql.Server, query string) error {
	return retry(ctx, maxAttempts, undone, func() error {
		_, err := s.DB().ExecContext(ctx, query)
		return err
	})
}

func (j *journal) mark(ctx context.Context, s *mysql.Server, marks ...mark) error {
	for len(marks) > 0 {
		n := min(len(marks), marksPerInsert)
		var b strings.Builder
		b.WriteString("INSERT INTO " + j.name() + " (dump_id,kind,schema_name,table_name,number,state,row_count,byte_count,key_range) VALUES ")
		for i, m := range marks[:n] {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "(%s,%s,%s,%s,0,%s,0,0,'')", mysql.QuoteString(j.id), mysql.QuoteString(m.kind),
				mysql.QuoteString(m.schema), mysql.QuoteString(m.table), mysql.QuoteString(m.state))
		}
		b.WriteString(" ON DUPLICATE KEY UPDATE state=VALUES(state)")
		if err := change(ctx, s, b.String()); err != nil {
			return fmt.Errorf("progress table: %w", readOnly(err))
		}
		marks = marks[n:]
	}
	return nil
}

// claim is the statement that claims chunks. It comes first in their transaction: whoever else is at one of them, a session
// that lost its client for one, is waited for, and 1062 says that one is in already.
func (j *journal) claim(all ...work) string {
	var q strings.Builder
	fmt.Fprintf(&q, "INSERT INTO %s (dump_id,kind,schema_name,table_name,number,state,row_count,byte_count,key_range) VALUES ", j.name())
	for i, one := range all {
		c := one.c
		keys, err := json.Marshal(c.Range)
		if err != nil {
			keys = nil // a Range is strings and numbers: it cannot fail
		}
		state := ""
		if c.Differs {
			state = stateDiffers
		}
		if i > 0 {
			q.WriteByte(',')
		}
		fmt.Fprintf(&q, "(%s,'chunk',%s,%s,%d,'%s',%d,%d,%s)", mysql.QuoteString(j.id), mysql.QuoteString(one.t.schema), mysql.QuoteString(one.t.name),
			c.Number, state, c.Rows, c.Bytes, mysql.QuoteString(string(keys)))
	}
	return q.String()
}

// olderThan are the tables with a chunk that came in more than so many seconds ago, or nearly so.
func (j *journal) olderThan(ctx context.Context, s *mysql.Server, seconds int64) (tables map[[2]string]bool, err error) {
	const startup = 2 // seconds; Uptime is cut, and counts from the server's start, not from its first connection
	rows, err := s.DB().QueryContext(ctx, fmt.Sprintf("SELECT DISTINCT schema_name, table_name FROM %s WHERE dump_id=%s AND kind='chunk' AND finished <= NOW() - INTERVAL %d SECOND",
		j.name(), mysql.QuoteString(j.id), max(0, seconds-startup)))
	if err != nil {
		return nil, fmt.Errorf("progress table: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	tables = map[[2]string]bool{}
	for rows.Next() {
		var t [2]string
		if err := rows.Scan(&t[0], &t[1]); err != nil {
			return nil, err
		}
		tables[t] = true
	}
	return tables, rows.Err()
}

// forgetTable takes the chunks of a table that was emptied back, and the mark that it is being emptied.
func (j *journal) forgetTable(ctx context.Context, s *mysql.Server, schema, table string) error {
	return change(ctx, s, "DELETE FROM "+j.name()+" WHERE dump_id="+mysql.QuoteString(j.id)+
		" AND kind IN ('chunk','"+markEmptying+"') AND schema_name="+mysql.QuoteString(schema)+" AND table_name="+mysql.QuoteString(table))
}

// forget takes dumps out of the table.
func (j *journal) forget(ctx context.Context, s *mysql.Server, ids ...string) error {
	for _, id := range ids {
		if err := change(ctx, s, "DELETE FROM "+j.name()+" WHERE dump_id="+mysql.QuoteString(id)); err != nil {
			return fmt.Errorf("progress table: %w", err)
		}
	}
	return nil
}

// remove takes the dump out of the progress table, and the table and its schema away when nothing else is in them. It
// returns the name of what should have gone and could not, for want of a privilege.
func (j *journal) remove(ctx context.Context, s *mysql.Server) (left string, err error) {
	var other int
	err = s.DB().QueryRowContext(ctx, "SELECT 1 FROM "+j.name()+" WHERE dump_id<>"+mysql.QuoteString(j.id)+" LIMIT 1").Scan(&other)
	switch {
	case err == nil:
		return "", j.forget(ctx, s, j.id)
	case !errors.Is(err, sql.ErrNoRows):
		return "", err
	}
	if j.schema == progressSchema {
		others, err := column(ctx, s, "SELECT table_name FROM information_schema.tables WHERE table_schema="+mysql.QuoteString(j.schema)+
			" AND table_name<>"+mysql.QuoteString(j.table)+" LIMIT 1")
		if err != nil {
			return "", err
		}
		if len(others) == 0 {
			// One statement, so that a run that dies here leaves no empty schema.
			if err = change(ctx, s, "DROP DATABASE "+mysql.QuoteName(j.schema)); !mysql.IsDenied(err) {
				return "", err
			}
			left = "schema " + mysql.QuoteName(j.schema)
		}
	}
	err = change(ctx, s, "DROP TABLE "+j.name())
	if mysql.IsDenied(err) {
		return "table " + j.name(), j.forget(ctx, s, j.id)
	}
	return left, err
}

// validID reports an id that fits the table's key.
func validID(id string) bool {
	if id == "" || len(id) > 36 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}
