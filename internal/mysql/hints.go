package mysql

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// Hint returns what a user can do about err, drawn from the migration handbook's troubleshooting chapter; empty when there is none.
func Hint(err error) string {
	if err == nil {
		return ""
	}
	var server *mysqldriver.MySQLError
	if errors.As(err, &server) {
		return serverHint(err, server)
	}
	var connect *ConnectError
	if h := networkHint(err); h != "" && errors.As(err, &connect) {
		return h
	}
	return driverHint(err)
}

// networkHint is for a server that was not reached: the mysql client's 2005, 2003, 2002 and 2026.
func networkHint(err error) string {
	var name *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &name):
		return "the host name does not resolve (MySQL error 2005): check it for typing errors, and with `host` or `nslookup` on this machine"
	case errors.As(err, &op) && op.Net == "unix" && errors.Is(err, fs.ErrNotExist):
		return "there is no socket at this path (MySQL error 2002): check that the server runs, and --socket, or use --host 127.0.0.1"
	case errors.As(err, &op) && op.Net == "unix":
		return "the socket takes no connections (MySQL error 2002): check that the server runs and that this user may open the socket"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there (MySQL error 2003): check --port, that the server runs, and that its bind_address is not only localhost"
	case errors.As(err, &op) && op.Op == "dial" && (op.Timeout() || errors.Is(err, os.ErrDeadlineExceeded)):
		return "the host does not answer (MySQL error 2003): check security groups, firewalls, routing and --port; an RDS or Aurora instance must be in state Available and, from outside its VPC, publicly accessible"
	case errors.As(err, &op) && op.Op == "dial":
		return "the network does not reach the host (MySQL error 2003): check the address, routing, firewalls and --port"
	case errors.Is(err, errNoAnswer):
		return "the port is open but no MySQL server answers on it: check --port, and proxies on the way"
	}
	return ""
}

// driverHint is for what the driver reports without a server's error number.
func driverHint(err error) string {
	var cert *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &cert):
		return "the server's certificate was not accepted (MySQL error 2026): give its authority with --ssl-ca (for RDS and Aurora the AWS bundle), connect by the name in the certificate, or use --ssl-mode REQUIRED"
	case errors.Is(err, mysqldriver.ErrNoTLS):
		return "the server has no TLS: enable it there, or allow plain text with --ssl-mode PREFERRED"
	case errors.As(err, &alert), errors.As(err, &record):
		return "TLS could not be agreed on (MySQL error 2026): check the server's tls_version and certificate, or try --ssl-mode DISABLED on a trusted network"
	case errors.Is(err, mysqldriver.ErrCleartextPassword):
		return "this account sends its password in clear (IAM token, PAM, LDAP): use --ssl-mode REQUIRED or stricter"
	case errors.Is(err, mysqldriver.ErrUnknownPlugin), errors.Is(err, mysqldriver.ErrOldPassword), errors.Is(err, mysqldriver.ErrNativePassword):
		return "the account's authentication plugin is not supported: use an account with caching_sha2_password, mysql_native_password or ed25519"
	case errors.Is(err, mysqldriver.ErrPktTooLarge):
		return packetHint
	case isLost(err):
		return "the connection was lost (MySQL errors 2006, 2013): look into the server's error log for a restart, a kill or a full memory, and check max_allowed_packet and idle limits of firewalls and proxies on the way"
	}
	return ""
}

const (
	packetHint = "a row or statement is larger than max_allowed_packet: raise it on the server (in RDS and Aurora by the parameter group) above the largest value, at most 1 GiB"
	diskHint   = "the server ran out of space, often of temporary storage for ALTER TABLE: free disk space or, on Aurora, use a larger instance class; fewer --threads alter fewer tables at once"
	caseHint   = "check the name, and that source and target have the same lower_case_table_names"
	planHint   = "the account lacks a privilege for this statement"
	fullHint   = "the server has no connection left: use fewer --threads, or raise max_connections or the account's limit"
	authHint   = "the account's authentication plugin was refused: use --ssl-mode REQUIRED, or an account with another plugin"
	onlyHint   = "the server is read only: give the writer of the cluster as target, not a replica or reader endpoint"
	s3Hint     = "Aurora could not read from S3: attach a role that may read the bucket to the cluster, name it in aws_default_s3_role (or aurora_load_from_s3_role), and check the bucket's region and the path to S3"
)

// hints are the handbook's answers by server error number; serverHint adds those that depend on more.
func hintOf(number int) string {
	switch number {
	case 1227:
		return planHint + ": on RDS and Aurora nobody has SUPER, so use --definer strip and leave out what needs it; elsewhere ask for the privilege that the message names"
	case 1044, 1142, 1143, 1370, 1410:
		return planHint + ": grant what the message names"
	case 1064:
		return "this server does not know the syntax: the statement comes from another version or product, or the file is damaged; run it by hand on both servers to see which"
	case 1049:
		return "the schema does not exist: " + caseHint
	case 1146, 1051:
		return "the table does not exist: " + caseHint
	case 1153, 2020, 1301: // 1301 is CONCAT of the parts of a large value
		return packetHint
	case 2006, 2013, 1053, 1158, 1159, 1160, 1161, 1927, 3169, 4031:
		return "the connection was lost: look into the server's error log for a restart, a kill or a full memory, and check max_allowed_packet and net_read_timeout"
	case 28, 1021, 1114, 126, 1034, 3:
		return diskHint
	case 1418, 1419:
		return "routines and triggers need SUPER while binary logging is on: set log_bin_trust_function_creators=1 (in RDS and Aurora by the parameter group)"
	case 1148, 3948, 4166:
		return "LOAD DATA LOCAL is off: set local_infile=1 on the server, or use --via insert"
	case 1871, 63985, 63986:
		return s3Hint
	case 1040, 1203, 1226:
		return fullHint
	case 1129:
		return "the server blocks this host after too many connection errors: run FLUSH HOSTS (TRUNCATE TABLE performance_schema.host_cache) on it"
	case 1130:
		return "the server has no account for this host: create the user for it, or connect from a host that it allows"
	case 1251, 2061, 1698, 2059:
		return authHint
	case 1836, 1874:
		return onlyHint
	case 3159:
		return "the server takes encrypted connections only: use --ssl-mode REQUIRED"
	case 1317:
		return "somebody killed the statement on the server"
	}
	return hintOfData(number)
}

func hintOfData(number int) string {
	switch number {
	case 1118:
		return "a row's text and blobs must fit a tenth of the redo log on MySQL 5.6 and MariaDB before 10.5: raise innodb_log_file_size; of a CREATE TABLE: its columns are too long together"
	case 1412:
		return "a table was altered while it was dumped: keep DDL away and dump again"
	case 1205:
		return "another session holds the lock: look at SHOW PROCESSLIST for what it does"
	case 1969, 3024:
		return "the server ended the statement for its time limit: raise max_statement_time or max_execution_time for this account"
	case 1820, 1862:
		return "the account's password has expired: set a new one with the mysql client"
	case 3118, 4151:
		return "the account is locked: ALTER USER ... ACCOUNT UNLOCK"
	case 1071:
		return "the index is longer than this server allows: it needs MySQL 5.7 or later, or innodb_large_prefix"
	case 1273, 1115:
		return "the server does not know this collation or charset: it is of a newer version or another product"
	case 3750:
		return "the server wants a primary key in each table, and the account may not switch sql_require_primary_key off: set that OFF (in RDS and Aurora by the parameter group), or give the tables keys on the source: gomove check lists them"
	case 3161:
		return "the server has this engine disabled (disabled_storage_engines): --engine innodb"
	case 1449:
		return "the DEFINER does not exist on this server: use --definer strip or create the account"
	}
	return ""
}

func serverHint(err error, server *mysqldriver.MySQLError) string {
	switch server.Number {
	case 1045:
		var connect *ConnectError
		switch {
		case !errors.As(err, &connect):
			return planHint + ": grant it, or leave the object out"
		case connect.Options.Password == "":
			return "no password was sent: give one with -p, --password-file, MYSQL_PWD or an option file (no blank between -p and the password)"
		}
		return "check the user and the password; if the mysql client cannot log in with them either, reset the password (on RDS and Aurora: Modify DB cluster)"
	case 1105:
		if strings.Contains(server.Message, "max_allowed_packet") {
			return packetHint // unknown error, by its number
		}
	case 1290:
		switch {
		case strings.Contains(server.Message, "read-only"), strings.Contains(server.Message, "read_only"):
			return onlyHint
		case strings.Contains(server.Message, "secure-file-priv"), strings.Contains(server.Message, "secure_file_priv"):
			return "the server may read and write files only under its secure_file_priv"
		}
		return "an option of the server forbids the statement: see the message for its name"
	}
	if IsS3(server) {
		return s3HintOf(server.Message)
	}
	return hintOf(int(server.Number))
}
