package replica

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// The texts by which a server tells apart the kinds of error 1236, which has one number for all.
var (
	noFirstLog   = pattern(`(?i)could not find (first log file name|next log)`)
	impossible   = pattern(`(?i)impossible position|position > file size`)
	purged       = pattern(`(?i)purged (required )?binary logs|has been purged|not in the master's binlog|have been purged`)
	largePacket  = pattern(`(?i)max_allowed_packet`)
	sameReplica  = pattern(`(?i)(slave|replica) with the same server_?(uuid|id)`)
	logNotOpen   = pattern(`(?i)binary log is not open`)
	bogus        = pattern(`(?i)bogus data|binlog truncated|error reading|event too small|corrupt`)
	equalIDs     = pattern(`(?i)equal (mysql|mariadb) server (ids|uuids)`)
	gtidModes    = pattern(`(?i)gtid_mode`)
	failedGTID   = pattern(`[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}:(?:\w+:)?[0-9]+`)
	denied       = pattern(`(?i)access denied`) // at the registration of a replica it has the number 1597 or 13120
	secureNeeded = pattern(`(?i)secure connection|authentication plugin`)
)

const rebuild = "copy again and start anew; have the source keep its binary logs for longer (binlog_expire_logs_seconds, expire_logs_days; on RDS and Aurora mysql.rds_set_configuration('binlog retention hours', n))"

// brokenReceiving explains what keeps the target from receiving.
func (e *ends) brokenReceiving(ctx context.Context, r *Report) error {
	s := r.Status
	r.Verdict, r.Error = Broken, s.IOErrno
	r.say("error %d while receiving: %s", s.IOErrno, oneLine(s.IOError))
	text := s.IOError
	switch {
	case s.IOErrno == 1236, s.IOErrno == 13114, s.IOErrno == 13121:
		return e.fatalLog(ctx, r)
	case equalIDs().MatchString(text), s.IOErrno == 13117:
		what := "server_id"
		if strings.Contains(strings.ToLower(text), "uuid") {
			what = "server_uuid"
		}
		r.Why = "source and target have the same " + what
		if what == "server_id" {
			r.advise("SET GLOBAL server_id to another number on the target, and in its option file; then gomove replicate restart")
		} else {
			r.advise("stop the target server, remove auto.cnf from its data directory, start it: it makes a server_uuid of its own")
		}
	case gtidModes().MatchString(text):
		r.Why = "gtid_mode of source and target do not go together"
		r.advise("make them the same; a target with OFF_PERMISSIVE takes both kinds of transactions")
	case s.IOErrno == 1045, s.IOErrno == 1130, s.IOErrno == 1044, s.IOErrno == 1227, denied().MatchString(text):
		r.Why = "the source refuses the replication account: user, password, host or privilege"
		r.advise("log in by hand as %s from the target's host; the account needs REPLICATION SLAVE; gomove replicate stop --forget and start make a new one", s.SourceUser)
	case s.IOErrno == 2061, s.IOErrno == 2059, s.IOErrno == 1251, secureNeeded().MatchString(text):
		r.Why = "the source wants an encrypted connection for this account, or another authentication than the target has"
		r.advise("use TLS for the channel, or an account with mysql_native_password")
	case s.IOErrno == 2026, s.IOErrno == 3159:
		r.Why = "TLS between target and source was not agreed on"
		r.advise("check the source's certificate and tls_version, and what the target has imported")
	case s.IOErrno == 2003, s.IOErrno == 2002, s.IOErrno == 2005, s.IOErrno == 2013, s.IOErrno == 2006, s.IOErrno == 1040, s.IOErrno == 1129:
		r.Why = fmt.Sprintf("the target does not reach the source at %s:%d; it tries again by itself", s.SourceHost, s.SourcePort)
		r.advise("check that the source runs and that the port is right (3306 is only the default), and that firewalls, security groups and bind_address let the target in")
		r.advise("log in by hand from the target's network with the same host, port, user and password")
	default:
		r.Why = fmt.Sprintf("error %d while receiving", s.IOErrno)
		r.advise("see the error's text, and the target's error log")
	}
	return nil
}

// fatalLog is error 1236, which MySQL 8.0 also reports as 13114.
func (e *ends) fatalLog(ctx context.Context, r *Report) error {
	text := r.Status.IOError
	switch {
	case impossible().MatchString(text):
		r.Why = "the place is behind the end of the source's log file: the source crashed or failed over without having written its log to disk"
		r.advise("SET GLOBAL sync_binlog=1 on the source keeps it from happening again")
		return e.nextLog(ctx, r)
	case purged().MatchString(text):
		r.Why = "the source has purged transactions that the target needs"
		r.advise(rebuild)
	case noFirstLog().MatchString(text):
		r.Why = "the source no longer has the log file that the target needs"
		return e.nextLog(ctx, r)
	case largePacket().MatchString(text):
		r.Why = "an event is larger than max_allowed_packet"
		r.advise("SET GLOBAL max_allowed_packet=1073741824 on both sides (and slave_max_allowed_packet on the target), then gomove replicate restart")
	case sameReplica().MatchString(text):
		r.Why = "another replica of the source has the target's server_id or server_uuid"
		r.advise("give one of them another server_id, or remove auto.cnf from its data directory and restart it")
	case logNotOpen().MatchString(text):
		r.Why = "the source's binary log is off"
		r.advise("switch it on, and copy again: what was written meanwhile is in no log")
	case bogus().MatchString(text):
		r.Why = "the source's log is damaged at this place, or no event begins there"
		return e.nextLog(ctx, r)
	default:
		r.Why = "the source cannot give the log from this place on"
		r.advise("see the error's text; %s", rebuild)
	}
	return nil
}

// nextLog says whether replication can go on at the source's next log file: only when no file lies between.
func (e *ends) nextLog(ctx context.Context, r *Report) error {
	wanted := r.Status.Read.File
	if e.source == nil {
		r.advise("--source URI tells whether the source's next log is there to go on with; without it: %s", rebuild)
		return nil
	}
	files, err := logFiles(ctx, e.source)
	if mysql.IsDenied(err) {
		r.advise("the account may not list the source's logs (REPLICATION CLIENT): SHOW BINARY LOGS tells whether the next one is there")
		return nil
	}
	if err != nil {
		return err
	}
	next := ""
	for _, f := range files {
		if f.name == wanted {
			r.say("the source has %s, of %d bytes", f.name, f.size)
		} else if next == "" && suffix(f.name) > suffix(wanted) {
			next = f.name
		}
	}
	switch {
	case next == "":
		r.say("the source has no log file after %s", wanted)
		r.advise(rebuild)
	case suffix(next)-suffix(wanted) == 1:
		r.NextLog = next
		r.say("the next log file of the source is %s, the one that follows %s", next, wanted)
		r.advise("gomove replicate restart --next-log goes on at %s: changes of %s that were not received are LOST on the target; run gomove verify afterwards", next, wanted)
		r.advise("or, without that risk: %s", rebuild)
	default:
		r.say("the next log file of the source is %s: %d files are gone", next, suffix(next)-suffix(wanted)-1)
		r.advise(rebuild)
	}
	return nil
}

// brokenApplying explains what keeps the target from applying.
func (e *ends) brokenApplying(ctx context.Context, r *Report) error {
	s := r.Status
	r.Verdict, r.Error = Broken, s.SQLErrno
	r.say("error %d while applying: %s", s.SQLErrno, oneLine(s.SQLError))
	workers, err := e.failedWorkers(ctx)
	if err != nil {
		return err
	}
	for _, w := range workers {
		r.Error = w.number
		if w.message != s.SQLError {
			r.say("worker: %s", w.message)
		}
	}
	const skip = "or leave the change out: gomove replicate skip; source and target then differ, gomove verify shows where"
	switch r.Error {
	case 1062:
		r.Why = "a row that comes from the source is on the target already: somebody else writes to the target, or the copy is newer than the place that replication began at"
		r.advise("find who writes to the target (general log, audit) and make it read-only; look at the row on both sides; if it does not belong, delete it on the target and gomove replicate restart")
		r.advise(skip)
		r.advise("if it comes right after the start, the copy and its place do not belong together: copy again")
	case 1032:
		r.Why = "a row that is changed or deleted on the source is not on the target: somebody else writes to the target, or the copy is older than the place that replication began at"
		r.advise("put the row back as it was on the source before the change, if it is known, and gomove replicate restart")
		r.advise(skip)
	case 1146, 1049:
		r.Why = "a change is for a table or schema that the target does not have: it was not copied"
		r.advise("leave its schema out with replicate start --exclude-schema, or copy it")
	case 1396, 1410, 1064, 1372, 1819, 1524, 1227:
		r.Why = "a statement of the source is not valid on the target, such as one about accounts"
		r.advise("do by hand on the target what is meant, then gomove replicate skip")
	case 1205, 1213:
		r.Why = "the target could not get a lock for a change, however often it tried"
		r.advise("end the transactions on the target that hold it, then gomove replicate restart")
	case 1594, 13121:
		r.Why = "the relay log cannot be read"
		r.advise("gomove replicate restart receives again from the place that was applied last")
	case 1593, 1837, 1782:
		r.Why = "the transactions' GTIDs and the target's gtid_mode do not go together"
		r.advise("make gtid_mode of both the same, or OFF_PERMISSIVE on the target")
	case 1290, 1836:
		r.Why = "the target refuses changes"
		r.advise("see the error's text for the option that forbids them")
	default:
		r.Why = fmt.Sprintf("error %d while applying", r.Error)
		r.advise(skip)
	}
	return nil
}

// failedWorker is one of several appliers that met an error of its own.
type failedWorker struct {
	number  int
	message string
	gtid    string // of its transaction; empty where it has none
}

// errStoppedByOther is an applier that stopped because another one did: its transaction is as good as any.
const errStoppedByOther = 3030

// failedWorkers asks MySQL 5.7 and later; none are found where it has one applier or the account may not ask.
func (e *ends) failedWorkers(ctx context.Context) ([]failedWorker, error) {
	if e.speak.mariadb || e.speak.number < 50700 {
		return nil, nil
	}
	rows, err := mysql.QueryNamed(ctx, e.target.DB(), "SELECT last_error_number AS number, last_error_message AS message FROM performance_schema.replication_applier_status_by_worker WHERE last_error_number<>0")
	if mysql.IsDenied(err) || mysql.Number(err) == errNoTable {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("replication_applier_status_by_worker: %w", err)
	}
	var out []failedWorker
	for _, r := range rows {
		n, _ := strconv.Atoi(r.Text("number"))
		if n != errStoppedByOther {
			out = append(out, failedWorker{n, oneLine(r.Text("message")), failedGTID().FindString(r.Text("message"))})
		}
	}
	return out, nil
}
