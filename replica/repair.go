package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// RepairOptions of a stop, restart or skip.
type RepairOptions struct {
	Servers
	Confirm Confirm // asks before what may lose something; default goes on
	Forget  bool    // of Stop: the configuration too, and the account that gomove made on the source if there is one
	NextLog bool    // of Restart: at the source's next log file; default where it stopped
}

// RepairReport is what a repair did.
type RepairReport struct {
	Target     string   `json:"target"`
	Statements []string `json:"statements"`
	Drift      string   `json:"drift,omitempty"` // what may differ from now on
	Status     *Report  `json:"status,omitempty"`
}

// WriteText writes the report for people.
func (r *RepairReport) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, s := range r.Statements {
		fmt.Fprintf(&b, "ran on %s\n", plain(s))
	}
	if r.Drift != "" {
		for line := range strings.Lines(r.Drift) {
			fmt.Fprintf(&b, "%s\n", plain(strings.TrimSpace(line)))
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil || r.Status == nil {
		return err
	}
	return r.Status.WriteText(w)
}

// repairing is one repair.
type repairing struct {
	e      *ends
	o      *RepairOptions
	status *Status
	report *RepairReport
}

func repair(ctx context.Context, o RepairOptions, f func(context.Context, *repairing) error) (_ *RepairReport, err error) {
	e, err := connect(ctx, o.Servers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	st, err := readStatus(ctx, e)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return nil, ErrNotConfigured
	}
	if err := e.follows(st); err != nil {
		return nil, err
	}
	p := &repairing{e: e, o: &o, status: st, report: &RepairReport{Target: described(e.target)}}
	return p.report, f(ctx, p)
}

func (p *repairing) run(ctx context.Context, steps ...statement) error {
	for _, s := range steps {
		if err := s.run(ctx, p.e); err != nil {
			return err
		}
		p.report.Statements = append(p.report.Statements, s.on+": "+s.shown)
	}
	return nil
}

// halt stops both threads; those that are stopped already are no error.
func (p *repairing) halt(ctx context.Context) error {
	if p.status.IO == "No" && p.status.SQL == "No" && p.e.speak.managed() {
		return nil // the procedure complains
	}
	return p.run(ctx, p.e.speak.stop())
}

// settle waits until the threads run or fail.
func (p *repairing) settle(ctx context.Context) error {
	s := &starting{o: &StartOptions{}, e: p.e}
	var err error
	if p.report.Status, err = s.settle(ctx); err != nil {
		return err
	}
	return p.report.Status.Err()
}

// Stop ends replication, for good when o.Forget is set.
func Stop(ctx context.Context, o RepairOptions) (*RepairReport, error) {
	return repair(ctx, o, func(ctx context.Context, p *repairing) error {
		var err error
		if o.Forget {
			question := fmt.Sprintf("The target forgets its source %s:%d and the place at which it stands (%s). To follow it again takes that place, or another copy. Go on?", p.status.SourceHost, p.status.SourcePort, p.status.Applied)
			if err := confirmed(ctx, o.Confirm, question); err != nil {
				return err
			}
		}
		if err := p.halt(ctx); err != nil {
			return err
		}
		if !o.Forget {
			return nil
		}
		if p.status, err = readStatus(ctx, p.e); err != nil { // it has moved on until it stopped
			return err
		}
		if err := p.run(ctx, p.e.speak.forget()); err != nil {
			return err
		}
		if err := p.keepStood(ctx); err != nil {
			return err
		}
		p.report.Drift = fmt.Sprintf("it stood at %s", p.status.Applied)
		if p.status.Executed != "" {
			p.report.Drift += ", GTID " + p.status.Executed
		}
		if p.e.source == nil || p.status.SourceUser != DefaultUser {
			return nil
		}
		drop := onSource("DROP USER " + quote(DefaultUser) + "@'%'")
		drop.unlogged = true
		err = p.run(ctx, drop)
		if mysql.Number(err) == errReadOnly { // as a cut-over has left it
			p.report.Drift += "\nthe account " + DefaultUser + " stays on the source, which is read-only"
			return nil
		}
		return err
	})
}

// Restart stops and starts replication, at the source's next log file when o.NextLog is set.
func Restart(ctx context.Context, o RepairOptions) (*RepairReport, error) {
	return repair(ctx, o, func(ctx context.Context, p *repairing) error {
		if err := p.e.notCutOver(ctx); err != nil {
			return err
		}
		var move []statement
		if o.NextLog {
			var err error
			if move, err = p.nextLog(ctx); err != nil {
				return err
			}
		}
		if err := p.halt(ctx); err != nil {
			return err
		}
		if err := p.run(ctx, append(move, p.e.speak.start())...); err != nil {
			return err
		}
		return p.settle(ctx)
	})
}

// nextLog returns what moves replication on to the source's next log file, if the rule allows it.
func (p *repairing) nextLog(ctx context.Context) ([]statement, error) {
	if p.e.source == nil {
		return nil, fmt.Errorf("%w: --next-log needs --source: its logs are looked at", ErrRefused)
	}
	r, err := read(ctx, p.e)
	if err != nil {
		return nil, err
	}
	d, err := diagnose(ctx, p.e, []reading{r})
	if err != nil {
		return nil, err
	}
	wanted := p.status.Read.File
	if d.NextLog == "" {
		return nil, fmt.Errorf("%w: replication may go on at the next log only when the source cannot give %s and has the file that follows it; it is %s: %s", ErrRefused, wanted, d.Verdict, d.Why)
	}
	if p.status.GTID && !p.e.speak.mariadb {
		return nil, fmt.Errorf("%w: replication finds its place by GTIDs: there is no next log to go to; %s", ErrRefused, rebuild)
	}
	p.report.Drift = fmt.Sprintf("changes in %s from position %d on that were not received are lost on the target: run gomove verify", wanted, p.status.Read.Position)
	question := fmt.Sprintf("Replication goes on at %s: %s. Go on?", d.NextLog, p.report.Drift)
	if err := confirmed(ctx, p.o.Confirm, question); err != nil {
		return nil, err
	}
	speak := p.e.speak
	if speak.managed() {
		name := speak.procedure("rds_next_source_log", "rds_next_master_log")
		return []statement{call(name, suffix(wanted))}, speak.takes(name, 1)
	}
	word := speak.pick("SOURCE", "MASTER")
	sql := fmt.Sprintf("%s %s_LOG_FILE=%s, %s_LOG_POS=4", speak.pick("CHANGE REPLICATION SOURCE TO", "CHANGE MASTER TO"), word, quote(d.NextLog), word)
	if speak.mariadb {
		sql += ", MASTER_USE_GTID=no"
	}
	return []statement{onTarget(sql)}, nil
}

// Skip leaves out the transaction at which applying has stopped.
func Skip(ctx context.Context, o RepairOptions) (*RepairReport, error) {
	return repair(ctx, o, func(ctx context.Context, p *repairing) error {
		s := p.status
		if s.SQLErrno == 0 {
			return fmt.Errorf("%w: applying has no error to skip (gomove replicate status says how it fares)", ErrRefused)
		}
		p.report.Drift = fmt.Sprintf("all changes of the transaction after %s are left out on the target: source and target differ in them from now on, and later changes of the same rows may stop replication again; gomove verify shows what differs", s.Applied)
		question := fmt.Sprintf("Error %d: %s\n%s. Go on?", s.SQLErrno, plain(oneLine(s.SQLError)), p.report.Drift)
		if err := confirmed(ctx, o.Confirm, question); err != nil {
			return err
		}
		if p.e.speak.managed() {
			return p.skipManaged(ctx)
		}
		gtid, err := p.nextGTID(ctx)
		if err != nil {
			return err
		}
		if err := p.halt(ctx); err != nil {
			return err
		}
		if gtid != "" {
			err = p.runEmpty(ctx, gtid)
		} else {
			name := p.e.speak.pick("sql_replica_skip_counter", "sql_slave_skip_counter")
			if p.e.target.Facts.AtLeast(mysql.MySQL, 80023) && !p.e.target.Facts.AtLeast(mysql.MySQL, 80026) {
				name = "sql_slave_skip_counter"
			}
			err = p.run(ctx, onTarget("SET GLOBAL "+name+"=1"))
		}
		if err != nil {
			return err
		}
		if err := p.run(ctx, p.e.speak.start()); err != nil {
			return err
		}
		if err := p.passed(ctx); err != nil {
			return err
		}
		return p.settle(ctx)
	})
}

func (p *repairing) skipManaged(ctx context.Context) error {
	gtid, err := p.nextGTID(ctx)
	if err != nil {
		return err
	}
	step := call("rds_skip_repl_error")
	if name := p.e.speak.procedure("rds_skip_transaction_with_gtid"); gtid != "" && name != "" {
		step = call(name, gtid)
	}
	if err := p.run(ctx, step); err != nil {
		return err
	}
	return p.settle(ctx)
}

// passed waits until the skipped transaction is behind.
func (p *repairing) passed(ctx context.Context) error {
	end := time.Now().Add(defaultWait)
	for time.Now().Before(end) {
		s, err := readStatus(ctx, p.e)
		if err != nil {
			return err
		}
		if s == nil || s.SQLErrno != 0 || s.Applied != p.status.Applied {
			return nil
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// runEmpty commits nothing under the GTID of the transaction that is left out.
func (p *repairing) runEmpty(ctx context.Context, gtid string) (err error) {
	conn, err := p.e.target.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, sql := range []string{"SET SESSION gtid_next=" + quote(gtid), "BEGIN", "COMMIT", "SET SESSION gtid_next='AUTOMATIC'"} {
		if _, err := conn.ExecContext(ctx, sql); err != nil {
			return fmt.Errorf("target: %s: %w", sql, err)
		}
		p.report.Statements = append(p.report.Statements, "target: "+sql)
	}
	return nil
}

// nextGTID is that of the transaction at which MySQL has stopped; empty where transactions have none, or are skipped by counting. Appliers that
// stopped because another one did report transactions that are well, and the server's last error may be theirs.
func (p *repairing) nextGTID(ctx context.Context) (string, error) {
	if p.e.speak.mariadb || !strings.EqualFold(p.e.target.Facts.Variables["gtid_mode"], "ON") {
		return "", nil
	}
	// The first that was received and not executed.
	rest, err := word(ctx, p.e.target, "SELECT GTID_SUBTRACT("+quote(p.status.Retrieved)+", @@GLOBAL.gtid_executed)")
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(oneLine(rest), ",")
	uuid, numbers, _ := strings.Cut(first, ":")
	number, _, _ := strings.Cut(numbers, ":")
	number, _, _ = strings.Cut(number, "-")
	first = uuid + ":" + number
	workers, err := p.e.failedWorkers(ctx)
	if err != nil {
		return "", err
	}
	failed := []string{}
	for _, w := range workers {
		if w.gtid == first {
			return first, nil
		}
		failed = append(failed, w.gtid)
	}
	if len(workers) == 0 && p.status.SQLErrno != errStoppedByOther {
		failed = append(failed, failedGTID().FindString(p.status.SQLError))
	}
	switch {
	case rest == "" && !p.status.GTID:
		return "", nil // the source's transactions have none, whatever the target gives them
	case rest == "":
		return "", fmt.Errorf("%w: the target has received no transaction that it has not executed", ErrRefused)
	case len(failed) == 1 && failed[0] != "":
		return failed[0], nil
	case len(failed) == 1: // one applier, whose error names no transaction
		return first, nil
	}
	return "", fmt.Errorf("%w: it is not known which transaction failed: the first that is not executed is %s, and the appliers report %s", ErrRefused, first, strings.Join(failed, ", "))
}
