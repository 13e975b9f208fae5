package replica

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// dialect is how a server is told to replicate. A server with the procedures of RDS and Aurora takes no statements of its own.
type dialect struct {
	old        bool // MASTER and SLAVE: MariaDB, and MySQL before 8.0.23
	mariadb    bool
	number     int            // of the version
	procedures map[string]int // mysql.rds_*, with their numbers of parameters; empty on a self-managed server
}

func dialectOf(ctx context.Context, s *mysql.Server) (dialect, error) {
	d := dialect{mariadb: s.Facts.Flavor == mysql.MariaDB, number: s.Facts.Number, procedures: map[string]int{}}
	d.old = !s.Facts.AtLeast(mysql.MySQL, 80023)
	names, err := mysql.Column(ctx, s.DB(), "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA='mysql' AND ROUTINE_NAME LIKE 'rds\\_%'")
	if err != nil || len(names) == 0 {
		return d, err
	}
	counts, err := mysql.QueryNamed(ctx, s.DB(), "SELECT SPECIFIC_NAME AS name, COUNT(*) AS n FROM information_schema.PARAMETERS"+
		" WHERE SPECIFIC_SCHEMA='mysql' AND SPECIFIC_NAME LIKE 'rds\\_%' AND ORDINAL_POSITION>0 GROUP BY SPECIFIC_NAME")
	if err != nil {
		return d, fmt.Errorf("parameters of mysql.rds_*: %w", err)
	}
	for _, n := range names {
		d.procedures[strings.ToLower(n)] = 0
	}
	for _, row := range counts {
		d.procedures[strings.ToLower(row.Text("name"))], _ = strconv.Atoi(row.Text("n"))
	}
	return d, nil
}

// managed reports a server that replicates by procedures.
func (d dialect) managed() bool {
	_, source := d.procedures["rds_set_external_source"]
	_, master := d.procedures["rds_set_external_master"]
	return source || master
}

// procedure is the first of these that the server has, or "".
func (d dialect) procedure(names ...string) string {
	for _, n := range names {
		if _, ok := d.procedures[n]; ok {
			return n
		}
	}
	return ""
}

func (d dialect) pick(modern, old string) string {
	if d.old {
		return old
	}
	return modern
}

func (d dialect) statusQuery() string { return d.pick("SHOW REPLICA STATUS", "SHOW SLAVE STATUS") }

// binlogQuery is how a server tells its own place.
func binlogQuery(f *mysql.Facts) string {
	if f.AtLeast(mysql.MySQL, 80200) {
		return "SHOW BINARY LOG STATUS"
	}
	return "SHOW MASTER STATUS"
}

func (d dialect) start() statement {
	if d.managed() {
		return call("rds_start_replication")
	}
	return onTarget(d.pick("START REPLICA", "START SLAVE"))
}

func (d dialect) stop() statement {
	if d.managed() {
		return call("rds_stop_replication")
	}
	return onTarget(d.pick("STOP REPLICA", "STOP SLAVE"))
}

// forget ends the configuration, with the password that the server keeps.
func (d dialect) forget() statement {
	if d.managed() {
		return call(d.procedure("rds_reset_external_source", "rds_reset_external_master"))
	}
	return onTarget(d.pick("RESET REPLICA ALL", "RESET SLAVE ALL"))
}

// statement is one change of a server.
type statement struct {
	on    string // "source" or "target"
	sql   string // with ? for each of args
	args  []any
	shown string // as --print shows it: no password
	// unlogged keeps it out of the binary log, where the account may.
	unlogged bool
	before   []string // on the same session
}

func onTarget(sql string) statement { return statement{on: "target", sql: sql, shown: sql} }

func onSource(sql string) statement { return statement{on: "source", sql: sql, shown: sql} }

// call calls a procedure with its arguments bound, so that a password is not in the statement's text.
func call(name string, args ...any) statement {
	var shown []string
	for _, a := range args {
		switch v := a.(type) {
		case mysql.Secret:
			shown = append(shown, hiddenPassword)
		case string:
			shown = append(shown, quote(v))
		default:
			shown = append(shown, fmt.Sprint(v))
		}
	}
	s := statement{on: "target", shown: "CALL mysql." + name + "(" + strings.Join(shown, ", ") + ")"}
	for _, a := range args {
		if p, ok := a.(mysql.Secret); ok {
			a = p.Reveal()
		}
		s.args = append(s.args, a)
	}
	s.sql = "CALL mysql." + name + "(" + strings.TrimSuffix(strings.Repeat("?,", len(args)), ",") + ")"
	return s
}

const hiddenPassword = "'<password>'"

// quote is a string as CHANGE REPLICATION SOURCE takes it, which knows no hex literals. The session has no sql_mode.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\x00", `\0`).Replace(s) + "'"
}

// run makes the change.
func (s statement) run(ctx context.Context, e *ends) error {
	server := e.target
	if s.on == "source" {
		server = e.source
	}
	e.log.Debug("statement", "server", s.on, "sql", s.shown)
	if err := run(ctx, server, s); err != nil {
		return fmt.Errorf("%s: %s: %w", s.on, s.shown, err)
	}
	return nil
}
