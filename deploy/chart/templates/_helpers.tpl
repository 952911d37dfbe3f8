{{- define "gatehouse.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "gatehouse.commonSelector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* The component keeps the migration's pod out of the Service. */}}
{{- define "gatehouse.selector" -}}
{{ include "gatehouse.commonSelector" . }}
app.kubernetes.io/component: server
{{- end }}

{{- define "gatehouse.labels" -}}
{{ include "gatehouse.commonSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "gatehouse.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- /* YAML reads a bare `off` as false. */}}
{{- define "gatehouse.databaseTls" -}}
{{- eq (toString .Values.database.tls) "false" | ternary "off" .Values.database.tls }}
{{- end }}

{{- define "gatehouse.databaseSettings" -}}
{{- if ne .Values.database.type "sqlite" }}
DATABASE_HOST: {{ .Values.database.host | quote }}
DATABASE_DIALECT: {{ .Values.database.type }}
DATABASE_PORT: {{ .Values.database.port | quote }}
DATABASE_NAME: {{ .Values.database.name | quote }}
DATABASE_USER_FILE: /run/secrets/database/username
DATABASE_PASSWORD_FILE: /run/secrets/database/password
DATABASE_TLS: {{ include "gatehouse.databaseTls" . | quote }}
{{- if .Values.database.caSecret }}
DATABASE_CA_FILE: /run/secrets/database-ca/ca.crt
{{- end }}
{{- end }}
{{- end }}

{{- define "gatehouse.tokenSettings" -}}
TOKEN_ISSUER: {{ .Values.tokens.issuer | quote }}
TOKEN_AUDIENCE: {{ .Values.tokens.audience | quote }}
{{- end }}

{{- define "gatehouse.mailSettings" -}}
{{- with .Values.mail }}
{{- if .host }}
SMTP_HOST: {{ .host | quote }}
SMTP_PORT: {{ .port | quote }}
SMTP_TLS: {{ .tls }}
MAIL_FROM: {{ .from | quote }}
{{- if .existingSecret }}
SMTP_USERNAME_FILE: /run/secrets/mail/username
SMTP_PASSWORD_FILE: /run/secrets/mail/password
{{- end }}
{{- if .caSecret }}
SMTP_CA_FILE: /run/secrets/mail-ca/ca.crt
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "gatehouse.mailMounts" -}}
{{- if .Values.mail.existingSecret }}
- name: mail
  mountPath: /run/secrets/mail
  readOnly: true
{{- end }}
{{- if .Values.mail.caSecret }}
- name: mail-ca
  mountPath: /run/secrets/mail-ca
  readOnly: true
{{- end }}
{{- end }}

{{- define "gatehouse.mailVolumes" -}}
{{- with .Values.mail.existingSecret }}
- name: mail
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with .Values.mail.caSecret }}
- name: mail-ca
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{- define "gatehouse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
# Gives the group of mounted files to the service: a Secret's files are root's, mode 0440.
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "gatehouse.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "gatehouse.databaseMounts" -}}
{{- if ne .Values.database.type "sqlite" }}
- name: database
  mountPath: /run/secrets/database
  readOnly: true
{{- if .Values.database.caSecret }}
- name: database-ca
  mountPath: /run/secrets/database-ca
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{- /* Takes a dict: root, account (the name of the Secret). */}}
{{- define "gatehouse.databaseVolumes" -}}
{{- if ne .root.Values.database.type "sqlite" }}
- name: database
  secret:
    secretName: {{ .account }}
    defaultMode: 0440
{{- with .root.Values.database.caSecret }}
- name: database-ca
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- end }}

{{- define "gatehouse.migratesAtStart" -}}
{{- not (and (ne .Values.database.type "sqlite") .Values.migration.enabled) }}
{{- end }}
