package aurora

import (
	"fmt"
	"slices"
	"strings"
)

// refuses says what Aurora answers to a statement that it does not carry out and the rights of the account do not refuse.
func (p *Proxy) refuses(t []token) error {
	switch {
	case t[0].is("FLUSH") && locksAll(t):
		return p.denied() // although the account has RELOAD
	case t[0].is("LOAD") && find(t, "LOCAL") < 0 && find(t, "INFILE") >= 0,
		t[0].is("SELECT", "WITH", "TABLE", "(") && find(t, "OUTFILE", "S3") < 0 && intoFile(t):
		return p.denied() // nobody has FILE
	case t[0].is("GRANT") && grantsAbsent(t):
		return p.denied()
	case t[0].is("INSTALL", "UNINSTALL"):
		return standIn("not implemented: plugins and components are not supported in Aurora, and its answer to %s is not known", t[0].text)
	case slices.ContainsFunc(t, func(x token) bool { return x.is("replica_host_status", "ro_replica_status") }):
		return standIn("not implemented: the state of the cluster's instances")
	case p.reader && writes(t):
		return &Error{errReadOnly, "HY000", "The MySQL server is running with the --read-only option so it cannot execute this statement"}
	case t[0].is("CREATE", "ALTER") && (find(t, "TABLE") >= 0 && find(t, "TABLE") <= 2):
		return p.refusesTable(t)
	}
	return p.refusesSystemTable(t)
}

// denied is MySQL's error for a privilege without which a whole statement is refused.
func (p *Proxy) denied() *Error {
	return &Error{errAccess, "28000", fmt.Sprintf("Access denied for user '%s'@'%%' (using password: YES)", p.user)}
}

func locksAll(t []token) bool {
	i := 1
	if i < len(t) && t[i].is("NO_WRITE_TO_BINLOG", "LOCAL") {
		i++
	}
	return follow(t, i, "TABLES", "WITH", "READ", "LOCK") || follow(t, i, "TABLE", "WITH", "READ", "LOCK")
}

func intoFile(t []token) bool {
	return find(t, "INTO", "OUTFILE") >= 0 || find(t, "INTO", "DUMPFILE") >= 0
}

// grantsAbsent reports privileges that the real server has for the account, or could get, and Aurora's accounts never do.
func grantsAbsent(t []token) bool {
	on := find(t, "ON")
	return on > 0 && slices.ContainsFunc(t[:on], func(x token) bool { return x.is("FILE", "SUPER", "SHUTDOWN") })
}

func writes(t []token) bool {
	if t[0].is("CREATE", "DROP") && len(t) > 1 && t[1].is("TEMPORARY") {
		return false
	}
	return t[0].is("INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD", "CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME", "GRANT", "REVOKE", "OPTIMIZE")
}

// refusesTable looks at a table's options. Version 3 disables other engines by MySQL's own means (error 3161, as published for 3.05.2).
func (p *Proxy) refusesTable(t []token) error {
	for i := 1; i+1 < len(t); i++ {
		value := t[i+1]
		if value.is("=") && i+2 < len(t) {
			value = t[i+2]
		}
		name := strings.ToUpper(value.name())
		switch {
		case t[i].is("ENGINE") && !p.line.disables && !t[1].is("TEMPORARY") && slices.Contains(otherEngines(), name):
			return standIn("not implemented: Aurora %s has InnoDB tables only, and its answer to ENGINE=%s is not known", p.line.aurora, name)
		case t[i].is("ROW_FORMAT") && name == "COMPRESSED", t[i].is("KEY_BLOCK_SIZE") && name != "0":
			return standIn("not implemented: Aurora has no compressed tables, and its answer to %s is not known", t[i].text)
		case t[i].is("DIRECTORY") && t[i-1].is("DATA", "INDEX"), t[i].is("TABLESPACE") && t[i+1].is("="):
			return standIn("not implemented: Aurora has no named tablespaces and directories, and whether it refuses or ignores %s is not known", t[i].text)
		}
	}
	return nil
}

func otherEngines() []string {
	return []string{"MYISAM", "MEMORY", "HEAP", "ARCHIVE", "CSV", "FEDERATED", "BLACKHOLE", "MERGE", "MRG_MYISAM"}
}

// refusesSystemTable keeps the tables of version 3 and later that only AWS writes.
func (p *Proxy) refusesSystemTable(t []token) error {
	if !p.line.roles || !writes(t) {
		return nil
	}
	for i := 1; i+2 < len(t) && i < 6; i++ {
		if strings.EqualFold(t[i].name(), "mysql") && t[i+1].is(".") && !t[i-1].is("@", ",", "ON") {
			return &Error{1044, "42000", fmt.Sprintf("Access denied for user '%s'@'%%' to database 'mysql'", p.user)}
		}
	}
	return nil
}
