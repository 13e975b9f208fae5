package aurora

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Version is a line of Aurora MySQL.
type Version string

// The lines that the stand-in has. There is no real server of version 2's age here.
const (
	V1  Version = "1"
	V3  Version = "3"
	V84 Version = "8.4"
)

// line is how one version line differs from the others.
type line struct {
	aurora  string // aurora_version()
	version string // version()
	comment string
	s3Error uint16
	roles   bool // S3 by roles, and rds_superuser_role; before: by privileges
	source  bool // procedures say source, not master
	// disables tells that engines but InnoDB are disabled by disabled_storage_engines.
	disables bool
}

func lineOf(v Version) (line, error) {
	switch v {
	case V1:
		return line{aurora: "1.22.3", version: "5.6.10", comment: "MySQL Community Server (GPL)", s3Error: 1871}, nil
	case V3:
		return line{aurora: "3.05.2", version: "8.0.32", comment: "4f582c03", s3Error: 63985, roles: true, source: true, disables: true}, nil
	case V84:
		return line{aurora: "8.4.7", version: "8.4.7", comment: "4f582c03", s3Error: 63985, roles: true, source: true, disables: true}, nil
	}
	return line{}, fmt.Errorf("unknown version line %q of Aurora MySQL", v)
}

// variables are those that Aurora has and MySQL has not, and those that tell where a server runs.
func (p *Proxy) variables() map[string]string {
	v := map[string]string{
		"aurora_version": p.line.aurora, "aurora_server_id": "stand-in-1", "version": p.line.version,
		"version_comment": p.line.comment, "basedir": "/rdsdbbin/oscar/", "innodb_read_only": "OFF", "aws_default_s3_role": "",
	}
	if p.roleNamed.Load() {
		v["aws_default_s3_role"] = RoleARN
	}
	if !p.line.roles {
		v["aurora_load_from_s3_role"], v["aurora_select_into_s3_role"] = "", ""
	}
	if p.reader {
		v["innodb_read_only"] = "ON"
	}
	if p.secureOnly {
		v["require_secure_transport"] = "ON"
	}
	return v
}

// identify replaces what a query asks for by name: @@aurora_version, AURORA_VERSION(), VERSION() and the like.
func (p *Proxy) identify(t []token) (edits []edit) {
	known := p.variables()
	for i := range t {
		end, value := t[i].end, ""
		switch {
		case strings.HasPrefix(t[i].text, "@@"):
			scope, name, scoped := strings.Cut(strings.ToLower(t[i].text[2:]), ".")
			if !scoped {
				name = scope
			}
			var ok bool
			if value, ok = known[name]; !ok {
				continue
			}
			if value == "ON" || value == "OFF" { // a switch is a number in a query
				value = map[string]string{"ON": "1", "OFF": "0"}[value]
			} else {
				value = literal(value)
			}
		case follow(t, i+1, "(", ")") && t[i].is("AURORA_VERSION", "VERSION"):
			end = t[i+2].end
			value = literal(map[bool]string{true: p.line.version, false: p.line.aurora}[t[i].is("VERSION")])
		default:
			continue
		}
		if alone(t, i, end) {
			value += " AS `" + t[i].text + map[bool]string{true: "()"}[end != t[i].end] + "`"
		}
		edits = append(edits, edit{t[i].start, end, value})
	}
	return edits
}

// alone reports a whole column of a SELECT list, whose name is its own text.
func alone(t []token, i, end int) bool {
	if i == 0 || !t[0].is("SELECT") || !t[i-1].is("SELECT", ",") {
		return false
	}
	for j := range t {
		if t[j].start >= end {
			return t[j].is(",", "FROM", "LIMIT")
		}
	}
	return true
}

// judgeShow answers SHOW VARIABLES by a query that has the same result, over the variables of both; and the names that
// version 3 has for statements of the newer real server.
func (p *Proxy) judgeShow(v *verdict, t []token) {
	i, scope := 1, "session"
	if i < len(t) && t[i].is("GLOBAL", "SESSION", "LOCAL") {
		if t[i].is("GLOBAL") {
			scope = "global"
		}
		i++
	}
	switch {
	case i < len(t) && t[i].is("VARIABLES"):
		v.sql = p.variablesQuery(scope, v.sql, t[i+1:])
	case follow(t, 1, "GRANTS"):
		p.judgeShowGrants(v)
	case p.line.version < "8.2" && p.line.roles && follow(t, 1, "MASTER", "STATUS"):
		v.sql = "SHOW BINARY LOG STATUS"
	case p.line.version < "8.2" && p.line.roles && follow(t, 1, "BINARY", "LOG", "STATUS"):
		v.sql = "SHOW BINARY LOG STATUS is not of MySQL " + p.line.version // its own error 1064
	}
}

func (p *Proxy) variablesQuery(scope, sql string, rest []token) string {
	known := p.variables()
	charset, table, name, value := "utf8mb4", "performance_schema."+scope+"_variables", "VARIABLE_NAME", "VARIABLE_VALUE"
	if !p.line.roles {
		charset, table, name = "utf8", "information_schema."+scope+"_variables", "LOWER(VARIABLE_NAME)"
	}
	as := func(s string) string {
		return "CONVERT(" + s + " USING " + charset + ") COLLATE " + charset + "_general_ci"
	}
	var all strings.Builder
	var names []string
	for _, n := range slices.Sorted(maps.Keys(known)) {
		names = append(names, as(literal(n)))
		fmt.Fprintf(&all, " UNION ALL SELECT %s, %s", as(literal(n)), as(literal(known[n])))
	}
	where := ""
	switch {
	case len(rest) > 1 && rest[0].is("LIKE"):
		where = " WHERE Variable_name " + sql[rest[0].start:rest[len(rest)-1].end]
	case len(rest) > 1 && rest[0].is("WHERE"):
		where = " " + sql[rest[0].start:rest[len(rest)-1].end]
	}
	return fmt.Sprintf("SELECT Variable_name, Value FROM (SELECT %s AS Variable_name, %s AS Value FROM %s WHERE %s NOT IN (%s)%s) AS v%s ORDER BY Variable_name",
		as(name), as(value), table, as(name), strings.Join(names, ","), all.String(), where)
}
